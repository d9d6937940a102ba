//! Holds, redactions and prunes of a log.

use entity::HoldId;
use policy::Action;

use super::super::{
    Event,
    class::{Approver, Field, Personal, Public, RedactedFields, Target},
};
use crate::retention::{CarriedKey, Policy};

events! {
    /// A legal hold was set.
    HoldPlaced => AuditHoldSet {
        /// The hold.
        hold: Target<HoldId>,
        /// By which right, as a code.
        basis: Public<String>,
        /// The matter it belongs to, as a code.
        reference: Public<String>,
        /// The first entry held.
        first: Public<u64>,
        /// The first behind that is not; left out when what is yet to come is held, too.
        until: Public<Option<u64>>,
        /// Why, in the actor's words.
        reason: Personal<Option<String>>,
    }
    /// A legal hold was lifted.
    HoldLifted => AuditHoldClear {
        /// The hold.
        hold: Target<HoldId>,
        /// The matter by which it was lifted, as a code.
        reference: Public<String>,
        /// Why, in the actor's words.
        reason: Personal<Option<String>>,
    }
    /// Disclosures are about to be deleted; or that was refused, because they are held.
    Redacted => AuditRedact {
        /// The hold that forbids it.
        held_by: Option<Target<HoldId>>,
        /// Which fields of which entries.
        entries: Public<RedactedFields>,
        /// By which right, as a code.
        basis: Public<String>,
        /// The request it answers, as a code.
        request: Public<String>,
        /// Who agreed to it.
        approver: Public<Approver>,
        /// Why, in the actor's words.
        reason: Personal<Option<String>>,
    }
    /// Old disclosures, or old entries, are about to be deleted.
    Pruned => AuditPrune {
        /// `payload` or `entries`.
        kind: Public<&'static str>,
        /// The first entry that stays.
        until: Public<u64>,
        /// Everything that goes was sequenced before.
        before: Public<String>,
        /// Entries before `until` that stay.
        held: Public<Vec<u64>>,
        /// The hash of the plan that was agreed to, lower-case hex.
        plan: Public<String>,
        /// How old it is at least, in days.
        days: Public<u64>,
        /// Entries that lose something.
        entries: Public<u64>,
        /// Disclosures that go.
        disclosures: Public<u64>,
        /// The keys that entries introduced which go.
        keys: Public<Option<Vec<CarriedKey>>>,
        /// The policy that the genesis stated, if that goes.
        policy: Public<Option<Policy>>,
    }
    /// What a prune said would go is gone.
    PruneDone => AuditPruneDone {
        /// The entry that said so.
        prune: Public<u64>,
        /// `payload` or `entries`.
        kind: Public<&'static str>,
        /// Disclosures, or entries, that are gone.
        removed: Public<u64>,
    }
}
