//! Lists of files and the steps of their life.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;

use anyhow::Result;
use chrono::TimeDelta;
use entity::{BareId, FileId, file};
use policy::{Action, FileState, QuotaMetric};
use store::{
    Actor, StoreError,
    file::{FileFilter, TrashCutoff, TrashCutoffs, object_key},
    page::PageRequest,
    system::Duty,
};

use crate::ground::{Ground, new_file, object_id, on_both, refusal, some_event};

on_both!(
    paging_yields_each_file_once_newest_first,
    a_cursor_is_good_for_one_list_of_one_tenant,
    filters_pick_what_they_say,
    the_trash_and_the_purge_move_the_bytes,
    every_other_step_is_refused_with_the_state,
    the_trash_empties_after_its_time,
    a_restored_file_is_not_purged_by_the_sweep,
    bytes_of_purged_files_are_due_until_marked,
    a_file_nobody_verifies_is_found,
    names_come_in_one_statement,
    foreign_files_are_unknown,
);

async fn paging_yields_each_file_once_newest_first(g: &Ground) -> Result<()> {
    let tx = g.begin().await?;
    for n in 0..250 {
        let file = new_file(&format!("f{n}.txt"), 1);
        tx.open_upload(g.new_upload(file, true)).await?;
    }
    tx.commit(some_event()).await?;
    let filter = FileFilter::default();
    let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let (page, cursor) = list(g, &g.owner(), &filter, 40, after).await?;
        pages += 1;
        seen.extend(page.iter().map(|file| file.id));
        if cursor.is_none() {
            break;
        }
        after = cursor;
    }
    assert_eq!((pages, seen.len()), (7, 250));
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 250);
    assert!(seen.is_sorted_by(|a, b| a > b));
    Ok(())
}

async fn a_cursor_is_good_for_one_list_of_one_tenant(g: &Ground) -> Result<()> {
    for n in 0..3 {
        g.ready(new_file(&format!("f{n}.txt"), 1)).await?;
    }
    let all = FileFilter::default();
    let (page, cursor) = list(g, &g.owner(), &all, 2, None).await?;
    let cursor = cursor.unwrap();
    assert_eq!(page.len(), 2);
    let ready = FileFilter {
        state: Some(FileState::Ready),
        ..all.clone()
    };
    let foreign = g.foreigner().await?;
    let mut tampered = cursor.clone();
    tampered.replace_range(..1, if cursor.starts_with('A') { "B" } else { "A" });
    let attempts = [
        (g.owner(), &ready, cursor.clone()),
        (foreign, &all, cursor.clone()),
        (g.owner(), &all, tampered),
        (g.owner(), &all, page[0].id.to_string()),
        (g.owner(), &all, String::new()),
    ];
    for (actor, filter, cursor) in attempts {
        let refused = list(g, &actor, filter, 2, Some(cursor)).await;
        let message = refused.unwrap_err().to_string();
        assert_eq!(
            message,
            "after is not a cursor of this list; begin again without it"
        );
    }
    let (rest, end) = list(g, &g.owner(), &all, 2, Some(cursor)).await?;
    assert_eq!((rest.len(), end), (1, None));
    Ok(())
}

async fn filters_pick_what_they_say(g: &Ground) -> Result<()> {
    let mut invoice = new_file("100%_Invoice.pdf", 1);
    invoice.system = "accounting".to_owned();
    invoice.object_type = "invoice".to_owned();
    invoice.object_id = object_id("i-7");
    let invoice = g.ready(invoice).await?.id;
    let between = g.store().now() + TimeDelta::seconds(1);
    g.db.clock.advance(TimeDelta::seconds(2));
    let doc = g.ready(new_file("100 words.txt", 1)).await?.id;
    let umlaut = g.ready(new_file("Überblick.txt", 1)).await?.id;
    let gone = g.ready(new_file("100% gone.txt", 1)).await?.id;
    let tx = g.begin().await?;
    tx.purge_file(gone).await?;
    tx.commit(some_event()).await?;
    let text = |text: &str| Some(text.to_owned());
    let none = FileFilter::default();
    let cases = [
        (none.clone(), vec![umlaut, doc, invoice]),
        (
            FileFilter {
                system: text("accounting"),
                ..none.clone()
            },
            vec![invoice],
        ),
        (
            FileFilter {
                object_type: text("doc"),
                ..none.clone()
            },
            vec![umlaut, doc],
        ),
        (
            FileFilter {
                object_id: text("i-7"),
                ..none.clone()
            },
            vec![invoice],
        ),
        (
            FileFilter {
                media_type: text("text/plain"),
                ..none.clone()
            },
            vec![umlaut, doc, invoice],
        ),
        (
            FileFilter {
                media_type: text("text/%"),
                ..none.clone()
            },
            vec![],
        ),
        (
            FileFilter {
                state: Some(FileState::Purged),
                ..none.clone()
            },
            vec![gone],
        ),
        (
            FileFilter {
                filename_prefix: text("100"),
                ..none.clone()
            },
            vec![doc, invoice],
        ),
        (
            FileFilter {
                filename_prefix: text("100%_"),
                ..none.clone()
            },
            vec![invoice],
        ),
        (
            FileFilter {
                filename_prefix: text("100%_invoice"),
                ..none.clone()
            },
            vec![],
        ),
        (
            FileFilter {
                filename_prefix: text("Übe"),
                ..none.clone()
            },
            vec![umlaut],
        ),
        (
            FileFilter {
                filename_prefix: text("%"),
                ..none.clone()
            },
            vec![],
        ),
        (
            FileFilter {
                created_after: Some(between),
                ..none.clone()
            },
            vec![umlaut, doc],
        ),
        (
            FileFilter {
                created_before: Some(between),
                ..none.clone()
            },
            vec![invoice],
        ),
        (
            FileFilter {
                system: text("accounting"),
                object_id: text("d-1"),
                ..none
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        let (files, _) = list(g, &g.owner(), &filter, 100, None).await?;
        let ids: Vec<_> = files.iter().map(|file| file.id).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
    Ok(())
}

async fn the_trash_and_the_purge_move_the_bytes(g: &Ground) -> Result<()> {
    let one = g.ready(new_file("one.txt", 10)).await?;
    let two = g.ready(new_file("two.txt", 5)).await?;
    assert_eq!(numbers(g).await?, (15, 0));
    let tx = g.begin().await?;
    let trashed = tx.trash_file(one.id).await?;
    assert_eq!(trashed.trashed_at, Some(tx.now()));
    tx.commit(some_event()).await?;
    assert_eq!(numbers(g).await?, (15, 10));
    let tx = g.begin().await?;
    let restored = tx.restore_file(one.id).await?;
    tx.commit(some_event()).await?;
    assert_eq!(restored, one, "as it was");
    assert_eq!(numbers(g).await?, (15, 0));
    let tx = g.begin().await?;
    tx.trash_file(one.id).await?;
    let purged = tx.purge_file(one.id).await?;
    assert_eq!(
        (purged.freed_bytes, purged.file.state.0),
        (10, FileState::Purged)
    );
    assert_eq!(object_key(&purged.file), object_key(&one));
    assert_eq!(tx.purge_file(two.id).await?.freed_bytes, 5);
    tx.commit(some_event()).await?;
    assert_eq!(numbers(g).await?, (0, 0));
    let opened = g.open(true, 7).await?;
    let tx = g.begin().await?;
    tx.abandon_upload(opened.upload.id, "broken off").await?;
    assert_eq!(tx.purge_file(opened.file.id).await?.freed_bytes, 0);
    tx.commit(some_event()).await?;
    assert_eq!(numbers(g).await?, (0, 0));
    g.check_sums().await
}

async fn every_other_step_is_refused_with_the_state(g: &Ground) -> Result<()> {
    let pending = g.open(true, 1).await?.file.id;
    let ready = g.ready(new_file("ready.txt", 1)).await?.id;
    let trashed = g.ready(new_file("trashed.txt", 1)).await?.id;
    let purged = g.ready(new_file("purged.txt", 1)).await?.id;
    let tx = g.begin().await?;
    tx.trash_file(trashed).await?;
    tx.purge_file(purged).await?;
    let refused = [
        tx.trash_file(pending).await,
        tx.trash_file(trashed).await,
        tx.trash_file(purged).await,
        tx.restore_file(ready).await,
        tx.restore_file(purged).await,
        tx.purge_file(pending).await.map(|purged| purged.file),
        tx.purge_file(purged).await.map(|purged| purged.file),
    ];
    let sentences = refused.map(|refused| refused.unwrap_err().to_string());
    assert_eq!(
        sentences,
        [
            "the file is pending; only a ready file can be put into the trash",
            "the file is trashed; only a ready file can be put into the trash",
            "the file is purged; only a ready file can be put into the trash",
            "the file is ready; only a file in the trash can be restored",
            "the file is purged; only a file in the trash can be restored",
            "the file is pending; only a ready, trashed or rejected file can be purged",
            "the file is purged; only a ready, trashed or rejected file can be purged",
        ]
    );
    Ok(())
}

async fn the_trash_empties_after_its_time(g: &Ground) -> Result<()> {
    let doc = trashed(g, new_file("doc.txt", 1)).await?;
    let mut sheet = new_file("sheet.txt", 1);
    sheet.object_type = "sheet".to_owned();
    let sheet = trashed(g, sheet).await?;
    let now = g.store().now();
    let cutoffs = |doc_days, other_days| TrashCutoffs {
        types: vec![TrashCutoff {
            system: "workspace".to_owned(),
            object_type: "doc".to_owned(),
            trashed_before: now - TimeDelta::days(doc_days),
        }],
        otherwise: now - TimeDelta::days(other_days),
    };
    let due = async |cutoffs: TrashCutoffs| -> Result<Vec<FileId>, StoreError> {
        let files = g.store().trash_due(&cutoffs, 10).await?;
        Ok(files.iter().map(|file| file.id).collect())
    };
    assert_eq!(due(cutoffs(1, 1)).await?, []);
    assert_eq!(due(cutoffs(0, 1)).await?, [doc]);
    assert_eq!(due(cutoffs(1, 0)).await?, [sheet]);
    let nothing_configured = TrashCutoffs {
        types: Vec::new(),
        otherwise: now,
    };
    assert_eq!(due(nothing_configured).await?, [doc, sheet]);
    let tx = g.duty(Duty::TrashSweep).await?;
    let purged = tx.purge_from_trash(doc, now).await?.unwrap();
    assert_eq!(purged.freed_bytes, 1);
    tx.commit(some_event()).await?;
    assert_eq!(due(cutoffs(0, 1)).await?, []);
    assert_eq!(numbers(g).await?, (1, 1));
    Ok(())
}

async fn a_restored_file_is_not_purged_by_the_sweep(g: &Ground) -> Result<()> {
    let file = trashed(g, new_file("a.txt", 1)).await?;
    let cutoff = g.store().now();
    let tx = g.begin().await?;
    tx.restore_file(file).await?;
    tx.commit(some_event()).await?;
    let tx = g.duty(Duty::TrashSweep).await?;
    assert_eq!(tx.purge_from_trash(file, cutoff).await?, None);
    drop(tx);
    g.db.clock.advance(TimeDelta::seconds(1));
    let tx = g.begin().await?;
    tx.trash_file(file).await?;
    tx.commit(some_event()).await?;
    let tx = g.duty(Duty::TrashSweep).await?;
    assert_eq!(tx.purge_from_trash(file, cutoff).await?, None);
    Ok(())
}

async fn bytes_of_purged_files_are_due_until_marked(g: &Ground) -> Result<()> {
    let file = g.ready(new_file("a.txt", 1)).await?.id;
    let tx = g.begin().await?;
    assert_eq!(tx.mark_deleted(file).await?, None, "it is not purged");
    tx.purge_file(file).await?;
    tx.commit(some_event()).await?;
    let store = g.store();
    let just_before = store.now() - TimeDelta::microseconds(1);
    assert!(store.deletions_due(just_before, 10).await?.is_empty());
    let due = store.deletions_due(store.now(), 10).await?;
    assert_eq!(due.iter().map(|file| file.id).collect::<Vec<_>>(), [file]);
    let tx = g.duty(Duty::FileDelete).await?;
    assert!(tx.mark_deleted(file).await?.is_some());
    assert_eq!(tx.mark_deleted(file).await?, None);
    tx.commit(some_event()).await?;
    assert!(store.deletions_due(store.now(), 10).await?.is_empty());
    Ok(())
}

async fn a_file_nobody_verifies_is_found(g: &Ground) -> Result<()> {
    let opened = g.open(false, 1).await?;
    let tx = g.begin().await?;
    tx.complete_upload(opened.upload.id).await?;
    tx.commit(some_event()).await?;
    assert!(g.store().stranded_files(10).await?.is_empty());
    g.db.tamper("UPDATE job SET state = 'failed'").await?;
    let stranded = g.store().stranded_files(10).await?;
    let ids: Vec<_> = stranded.iter().map(|file| file.id).collect();
    assert_eq!(ids, [opened.file.id]);
    Ok(())
}

async fn names_come_in_one_statement(g: &Ground) -> Result<()> {
    let file = g.ready(new_file("a.txt", 1)).await?;
    let snapshot = g.store().snapshot(&g.owner()).await?;
    let view = snapshot.view(Action::FileList)?;
    let before = g.store().database().statements();
    let asked = [
        file.created_by_id,
        file.created_by_id,
        BareId(uuid::Uuid::now_v7()),
    ];
    let names = view.file_principals(&asked).await?;
    assert_eq!(g.store().database().statements() - before, 1);
    assert_eq!(names.len(), 1);
    assert!(names.contains_key(&BareId(g.seed.owner.uuid())));
    assert!(view.file_principals(&[]).await?.is_empty());
    let foreign = BareId(g.foreigner().await?.principal().uuid());
    assert!(view.file_principals(&[foreign]).await?.is_empty());
    Ok(())
}

async fn foreign_files_are_unknown(g: &Ground) -> Result<()> {
    let file = g.ready(new_file("a.txt", 1)).await?.id;
    let foreign = g.foreigner().await?;
    let tx = g.store().begin(&foreign, Action::FilePurge).await?;
    for id in [file, FileId::generate()] {
        assert_eq!(tx.find_file(id).await?, None);
        assert_eq!(refusal(tx.get_file(id).await), "no file");
        assert_eq!(refusal(tx.trash_file(id).await), "no file");
        assert_eq!(refusal(tx.restore_file(id).await), "no file");
        assert_eq!(refusal(tx.purge_file(id).await), "no file");
        assert_eq!(tx.mark_deleted(id).await?, None);
    }
    drop(tx);
    let (files, _) = list(g, &foreign, &FileFilter::default(), 10, None).await?;
    assert!(files.is_empty());
    Ok(())
}

async fn list(
    g: &Ground,
    actor: &Actor,
    filter: &FileFilter,
    first: i64,
    after: Option<String>,
) -> Result<(Vec<file::Model>, Option<String>), StoreError> {
    let snapshot = g.store().snapshot(actor).await?;
    let view = snapshot.view(Action::FileList)?;
    let page = view
        .list_files(filter, &PageRequest::new(first, after)?)
        .await?;
    let last = page.rows.last().filter(|_| page.has_next);
    let cursor = last.map(|file| view.file_cursor(filter, file));
    Ok((page.rows, cursor))
}

async fn trashed(g: &Ground, file: store::upload::NewFile) -> Result<FileId> {
    let file = g.ready(file).await?.id;
    let tx = g.begin().await?;
    tx.trash_file(file).await?;
    tx.commit(some_event()).await?;
    Ok(file)
}

/// Used, and in the trash.
async fn numbers(g: &Ground) -> Result<(i64, i64)> {
    let row = g.quota(QuotaMetric::StorageBytes).await?;
    Ok((row.used, row.trash))
}
