//! The steps between states, as lists a person can read.

use policy::{FileState, JobState, ReservationState, TenantStatus, TenantStep, UploadState};
use proptest::{collection::vec, prelude::*, sample::select};

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

proptest! {
    /// Whatever operators try, in whatever order: a tenant is where the steps that were legal have led, it never
    /// leaves the end, and it got there only by way of a suspension.
    #[test]
    fn no_order_of_steps_leads_off_the_path(steps in vec(select(TenantStep::ALL), 0..40)) {
        let mut at = TenantStatus::Pending;
        let mut visited = vec![at];
        for step in steps {
            let legal = at.steps().any(|known| known == step);
            match at.after(step) {
                Some(next) => {
                    prop_assert!(legal && at.can_become(next) && next != at);
                    at = next;
                    visited.push(at);
                }
                None => prop_assert!(!legal),
            }
            if at == TenantStatus::Deactivated {
                prop_assert_eq!(at.steps().count(), 0);
            }
        }
        for pair in visited.windows(2) {
            prop_assert!(pair[1] != TenantStatus::Pending);
            prop_assert!(pair[1] != TenantStatus::Deactivated || pair[0] == TenantStatus::Suspended);
        }
    }
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
