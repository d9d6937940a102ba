//! The default catalogue, and what a wrong one is told.

use policy::{Catalogue, DangerousKinds, MediaPattern};

#[test]
fn the_default_catalogue_has_the_published_types() {
    let catalogue = Catalogue::default();
    let rows: Vec<String> = catalogue
        .types()
        .map(|t| {
            format!(
                "{}/{} link {} s, trash {} d, {} MiB, {}",
                t.system,
                t.name,
                t.link_ttl_seconds,
                t.trash_retention_days,
                t.max_bytes >> 20,
                t.dangerous,
            )
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    accounting/export link 900 s, trash 90 d, 5120 MiB, refuse
    accounting/invoice link 900 s, trash 90 d, 5120 MiB, refuse
    accounting/receipt link 600 s, trash 90 d, 5120 MiB, refuse
    app-builder/build link 300 s, trash 90 d, 5120 MiB, refuse
    app-builder/source link 300 s, trash 90 d, 5120 MiB, refuse
    communications/email-attachment link 900 s, trash 90 d, 5120 MiB, refuse
    communications/message-attachment link 900 s, trash 90 d, 5120 MiB, refuse
    media/photo link 900 s, trash 90 d, 25 MiB, refuse
    media/video link 900 s, trash 90 d, 5120 MiB, refuse
    workspace/doc link 900 s, trash 90 d, 5120 MiB, refuse
    workspace/image link 900 s, trash 90 d, 25 MiB, refuse
    workspace/pdf link 900 s, trash 90 d, 5120 MiB, refuse
    workspace/sheet link 900 s, trash 90 d, 5120 MiB, refuse
    workspace/slide link 900 s, trash 90 d, 5120 MiB, refuse
    "#);
}

#[test]
fn types_accept_what_was_published_for_them() {
    let catalogue = Catalogue::default();
    let accepts =
        |system, name, media_type| catalogue.find(system, name).unwrap().accepts(media_type);
    assert!(accepts("workspace", "doc", "application/msword"));
    assert!(accepts("workspace", "doc", "text/markdown"));
    assert!(!accepts("workspace", "doc", "application/zip"));
    assert!(accepts("accounting", "export", "text/csv"));
    assert!(accepts("accounting", "export", "application/json"));
    assert!(!accepts("accounting", "invoice", "text/plain"));
    assert!(!accepts("app-builder", "source", "text/plain"));
    assert!(accepts("app-builder", "build", "application/zip"));
    assert!(accepts("media", "video", "video/quicktime"));
    assert!(!accepts("media", "photo", "video/mp4"));
    for kind in catalogue.types() {
        assert!(
            !kind.accepts("image/svg+xml") && !kind.accepts("text/html"),
            "{}/{}",
            kind.system,
            kind.name
        );
    }
}

#[test]
fn unknown_places_are_not_found() {
    let catalogue = Catalogue::default();
    assert_eq!(catalogue.find("workspace", "receipt"), None);
    assert_eq!(catalogue.find("nowhere", "doc"), None);
}

#[test]
fn images_have_a_limit_of_their_own() {
    let catalogue = Catalogue::default();
    let receipt = catalogue.find("accounting", "receipt").unwrap();
    assert_eq!(receipt.max_bytes_for("application/pdf"), 5 << 30);
    assert_eq!(receipt.max_bytes_for("IMAGE/png"), 25 << 20);
    assert_eq!(
        catalogue.find("media", "photo").unwrap().max_bytes,
        25 << 20
    );
}

#[test]
fn a_file_of_the_operator_replaces_the_systems_and_may_use_the_groups() {
    let catalogue = Catalogue::from_toml(
        r#"
        [groups]
        drawings = ["image/svg+xml"]
        [systems.cad.types.plan]
        accepts = ["drawings", "pdf", "image/*", "application/pdf"]
        max_bytes = 1000
        dangerous = "attachment"
        "#,
    )
    .unwrap();
    assert_eq!(catalogue.find("workspace", "doc"), None);
    let plan = catalogue.find("cad", "plan").unwrap();
    let accepts: Vec<&str> = plan.accepts.iter().map(MediaPattern::as_str).collect();
    assert_eq!(accepts, ["image/svg+xml", "application/pdf", "image/*"]);
    assert_eq!(
        (plan.max_bytes, plan.dangerous),
        (1000, DangerousKinds::Attachment)
    );
    assert_eq!(plan.max_bytes_for("image/png"), 1000);
}

#[test]
fn every_problem_is_reported_at_once_with_its_path() {
    let problems = Catalogue::from_toml(
        r#"
        system = 1
        [groups]
        bad = ["nonsense"]
        empty = []
        [systems.media.types.photo]
        accepts = ["imagez", 7, "Text/Plain"]
        max_bytes = 0
        link_ttl_seconds = 59
        colour = "red"
        [systems.media.types.video]
        trash_retention_days = "long"
        dangerous = "sometimes"
        [systems.Upper.types]
        [systems.flat]
        types = 5
        "#,
    )
    .unwrap_err();
    insta::assert_snapshot!(problems.to_string(), @r#"
    system: unknown key; known are groups, systems
    groups.bad[0]: "nonsense" is neither a media type such as "text/csv" nor a family such as "image/*"
    groups.empty: is empty; name at least one media type
    systems.Upper: a name is a lower-case letter followed by up to 62 of a-z, 0-9 or '-'
    systems.Upper.types: at least one type is needed
    systems.flat.types: must be a table
    systems.media.types.photo.colour: unknown key; known are accepts, max_bytes, max_image_bytes, link_ttl_seconds, trash_retention_days, dangerous
    systems.media.types.photo.accepts[0]: "imagez" is neither a group nor a media type
    systems.media.types.photo.accepts[1]: must be a text
    systems.media.types.photo.accepts[2]: "Text/Plain" is neither a media type such as "text/csv" nor a family such as "image/*"
    systems.media.types.photo.max_bytes: must be a whole number from 1 to 5497558138880
    systems.media.types.photo.link_ttl_seconds: must be a whole number from 60 to 3600
    systems.media.types.video.accepts: is missing; name at least one media type or group
    systems.media.types.video.trash_retention_days: must be a whole number from 1 to 3650
    systems.media.types.video.dangerous: must be "refuse" or "attachment"
    "#);
}

#[test]
fn a_catalogue_without_systems_is_refused() {
    for text in ["", "[systems]", "[groups]\na = [\"text/csv\"]"] {
        let problems = Catalogue::from_toml(text).unwrap_err();
        assert_eq!(
            problems.to_string(),
            "systems: at least one system is needed"
        );
    }
    assert_eq!(
        Catalogue::from_toml("systems = 3").unwrap_err().to_string(),
        "systems: must be a table"
    );
}

#[test]
fn text_that_is_not_toml_says_where() {
    let problems = Catalogue::from_toml("[systems\n").unwrap_err().to_string();
    assert!(problems.contains("line 1"), "{problems}");
}
