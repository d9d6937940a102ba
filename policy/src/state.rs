//! The states things go through, and the steps between them.
//!
//! A state is never written, only stepped to: the database's conditional updates name the state they come
//! from, and these functions say which steps exist.

use crate::text::text_enum;

text_enum! {
    /// Where a tenant stands: `pending → active ⇄ suspended → deactivated`.
    pub enum TenantStatus: "tenant status" {
        /// Created, not yet opened.
        Pending = "pending",
        /// Open.
        Active = "active",
        /// Refused everywhere until restored.
        Suspended = "suspended",
        /// Closed for good; its retention clock runs.
        Deactivated = "deactivated",
    }
}

text_enum! {
    /// A step in a tenant's life. An operator takes it, with a reason; a status is never written otherwise.
    pub enum TenantStep: "tenant step" {
        /// Opens a tenant that was made.
        Activate = "activate",
        /// Refuses it everywhere.
        Suspend = "suspend",
        /// Lets it in again.
        Restore = "restore",
        /// Closes it for good, and starts its retention clock.
        Deactivate = "deactivate",
    }
}

impl TenantStep {
    /// The one state it is taken from, and the one it leads to. A tenant's whole life is this match.
    pub const fn ends(self) -> (TenantStatus, TenantStatus) {
        match self {
            Self::Activate => (TenantStatus::Pending, TenantStatus::Active),
            Self::Suspend => (TenantStatus::Active, TenantStatus::Suspended),
            Self::Restore => (TenantStatus::Suspended, TenantStatus::Active),
            Self::Deactivate => (TenantStatus::Suspended, TenantStatus::Deactivated),
        }
    }
}

impl TenantStatus {
    /// Where `step` leads from here; `None` when it cannot be taken.
    pub fn after(self, step: TenantStep) -> Option<Self> {
        let (from, to) = step.ends();
        (from == self).then_some(to)
    }

    /// The steps that can be taken from here.
    pub fn steps(self) -> impl Iterator<Item = TenantStep> {
        let steps = TenantStep::ALL.iter().copied();
        steps.filter(move |step| self.after(*step).is_some())
    }

    /// Whether one step leads from here to `next`. Staying is not a step.
    pub fn can_become(self, next: Self) -> bool {
        self.steps().any(|step| self.after(step) == Some(next))
    }
}

text_enum! {
    /// Where a file stands. Only `Ready` can be downloaded.
    pub enum FileState: "file state" {
        /// Announced; no bytes accepted yet.
        Pending = "pending",
        /// Bytes arrived and are being checked.
        Verifying = "verifying",
        /// Checked and downloadable.
        Ready = "ready",
        /// Failed a check, or never arrived; has no bytes.
        Rejected = "rejected",
        /// In the trash; can come back.
        Trashed = "trashed",
        /// A tombstone; its bytes are deleted after the purge delay.
        Purged = "purged",
    }
}

impl FileState {
    /// Whether one step leads from here to `next`. Staying is not a step.
    ///
    /// A streamed upload goes from `Pending` to `Ready` directly, because it was checked on its way in. A
    /// purge may skip the trash.
    pub const fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (
                Self::Pending,
                Self::Verifying | Self::Ready | Self::Rejected
            ) | (Self::Verifying, Self::Ready | Self::Rejected)
                | (Self::Ready, Self::Trashed | Self::Purged)
                | (Self::Trashed, Self::Ready | Self::Purged)
                | (Self::Rejected, Self::Purged)
        )
    }

    /// Whether the file's bytes may be handed out.
    pub const fn is_downloadable(self) -> bool {
        matches!(self, Self::Ready)
    }

    /// Whether the file's bytes count against the storage quota as used. The trash counts, a purged file
    /// does not; before `Ready` a reservation holds them instead.
    pub const fn is_charged(self) -> bool {
        matches!(self, Self::Ready | Self::Trashed)
    }
}

text_enum! {
    /// Where a quota reservation stands. Every state but `Held` is final.
    pub enum ReservationState: "reservation state" {
        /// Counts as held until its lease ends.
        Held = "held",
        /// Became use, with the measured amount.
        Committed = "committed",
        /// Given back by its owner.
        Released = "released",
        /// Given back by the sweeper, after its lease; can no longer be committed.
        Expired = "expired",
    }
}

impl ReservationState {
    /// Whether one step leads from here to `next`.
    pub const fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Held, Self::Committed | Self::Released | Self::Expired)
        )
    }
}

text_enum! {
    /// Where an upload stands; what became of its bytes is the file's state.
    pub enum UploadState: "upload state" {
        /// Bytes may still arrive.
        Open = "open",
        /// Its owner declared it complete.
        Completed = "completed",
        /// Nobody completed it in time.
        Expired = "expired",
        /// Broken off, by its owner or by a failed check.
        Aborted = "aborted",
    }
}

impl UploadState {
    /// Whether one step leads from here to `next`. A completed upload aborts when its check fails.
    pub const fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Completed | Self::Expired | Self::Aborted)
                | (Self::Completed, Self::Aborted)
        )
    }
}

text_enum! {
    /// Where a background job stands.
    pub enum JobState: "job state" {
        /// Waiting for a worker, or for its next attempt.
        Queued = "queued",
        /// Claimed by a worker until its lease ends.
        Running = "running",
        /// Finished.
        Done = "done",
        /// Out of attempts; stays for a person to look at.
        Failed = "failed",
    }
}

impl JobState {
    /// Whether one step leads from here to `next`. A running job is queued again when an attempt fails or
    /// its lease ends; a failed one when a person asks for it.
    pub const fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Queued, Self::Running)
                | (Self::Running, Self::Done | Self::Failed | Self::Queued)
                | (Self::Failed, Self::Queued)
        )
    }
}
