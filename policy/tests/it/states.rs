//! The steps between states, as lists a person can read.

use policy::{FileState, JobState, ReservationState, TenantStatus, UploadState};

macro_rules! steps {
    ($name:ident) => {{
        let rows: Vec<String> = $name::ALL
            .iter()
            .map(|from| {
                let next: Vec<_> = $name::ALL
                    .iter()
                    .filter(|to| from.can_become(**to))
                    .map(|to| to.as_str())
                    .collect();
                format!("{from} -> {}", next.join(" "))
                    .trim_end()
                    .to_owned()
            })
            .collect();
        rows.join("\n")
    }};
}

#[test]
fn tenants_step_as_designed() {
    insta::assert_snapshot!(steps!(TenantStatus), @r#"
    pending -> active
    active -> suspended
    suspended -> active deactivated
    deactivated ->
    "#);
}

#[test]
fn files_step_as_designed() {
    insta::assert_snapshot!(steps!(FileState), @r#"
    pending -> verifying ready rejected
    verifying -> ready rejected
    ready -> trashed purged
    rejected -> purged
    trashed -> ready purged
    purged ->
    "#);
}

#[test]
fn only_a_ready_file_is_downloadable() {
    let downloadable: Vec<_> = FileState::ALL
        .iter()
        .filter(|state| state.is_downloadable())
        .collect();
    assert_eq!(downloadable, [&FileState::Ready]);
}

#[test]
fn the_trash_is_charged_and_a_purged_file_is_not() {
    let charged: Vec<_> = FileState::ALL
        .iter()
        .filter(|state| state.is_charged())
        .collect();
    assert_eq!(charged, [&FileState::Ready, &FileState::Trashed]);
}

#[test]
fn reservations_settle_once() {
    insta::assert_snapshot!(steps!(ReservationState), @r#"
    held -> committed released expired
    committed ->
    released ->
    expired ->
    "#);
}

#[test]
fn uploads_and_jobs_step_as_designed() {
    insta::assert_snapshot!(steps!(UploadState), @r#"
    open -> completed expired aborted
    completed -> aborted
    expired ->
    aborted ->
    "#);
    insta::assert_snapshot!(steps!(JobState), @r#"
    queued -> running
    running -> queued done failed
    done ->
    failed -> queued
    "#);
}
