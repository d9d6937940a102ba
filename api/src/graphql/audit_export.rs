//! Exports of the audit log.

use std::str::FromStr;

use async_graphql::{Context, Enum, ID, InputObject, Object};
use data_encoding::HEXLOWER;
use entity::{AuditExportId, audit_export};
use policy::Action;
use store::{Snapshot, View, export::run::NewExport, page::PageRequest};

use super::{
    audit_verification::Verdict,
    context,
    page::connection,
    payload::payload,
    principal::Principal,
    scalar::{BigInt, DateTime},
};
use crate::{
    error::{Error, Failure},
    service::export,
};

/// What a log is exported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "store::export::Format")]
pub enum AuditExportFormat {
    /// An evidence bundle, `.tar.zst`: it proves itself, see VERIFY.md in it.
    Bundle,
    /// Events of the Open Cybersecurity Schema Framework, a JSON object a line, compressed by Zstandard.
    Ocsf,
    /// A table for spreadsheets.
    Csv,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AuditExportState {
    /// It waits for a worker.
    Pending,
    /// It is being made.
    Running,
    /// Its file can be fetched.
    Done,
    /// It was given up; see `reason`.
    Failed,
    /// Its file was removed, its time being over.
    Expired,
}

impl FromStr for AuditExportState {
    type Err = Error;

    /// Reads the word of a row: rows hold only words that this service wrote.
    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match text {
            "PENDING" => Self::Pending,
            "RUNNING" => Self::Running,
            "DONE" => Self::Done,
            "FAILED" => Self::Failed,
            "EXPIRED" => Self::Expired,
            _ => {
                return Err(Error::internal(format!(
                    "an export with the state {text:?}"
                )));
            }
        })
    }
}

/// An export of the tenant's log.
#[derive(Debug, Clone)]
pub struct AuditExport {
    row: audit_export::Model,
}

impl AuditExport {
    pub(crate) fn new(row: audit_export::Model) -> Self {
        Self { row }
    }
}

/// An export of the tenant's log.
#[Object]
impl AuditExport {
    /// `exp_…`; give it to `node` until the state is `DONE`.
    pub(crate) async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// What the log is exported as.
    async fn format(&self) -> Result<AuditExportFormat, Failure> {
        Ok(export::format(&self.row)?.into())
    }

    /// How far it is.
    async fn state(&self) -> Result<AuditExportState, Failure> {
        Ok(self.row.state.parse()?)
    }

    /// How much of it is made, in percent.
    async fn progress(&self) -> i32 {
        match (self.row.state.as_str(), self.row.total_count) {
            ("DONE" | "EXPIRED", _) => 100,
            (_, 0) => 0,
            (_, total) => {
                let percent = self.row.done_count.saturating_mul(100) / total;
                i32::try_from(percent.clamp(0, 99)).unwrap_or(99)
            }
        }
    }

    /// The epoch of the log that it is of; null for the newest until it is known which that was.
    async fn epoch(&self) -> Option<i32> {
        self.row.epoch
    }

    /// The first entry; once it is made, the first that is in it.
    async fn from_seq(&self) -> BigInt {
        self.row.first_seq.into()
    }

    /// The entry behind the last one; null until it is known where the log ends.
    async fn to_seq(&self) -> Option<BigInt> {
        self.row.end_seq.map(Into::into)
    }

    /// Whether personal values go with the entries.
    async fn includes_disclosures(&self) -> bool {
        self.row.disclosures
    }

    /// The length of its file.
    async fn size_bytes(&self) -> Option<BigInt> {
        self.row.byte_len.map(Into::into)
    }

    /// SHA-256 of its file, lower-case hex.
    async fn sha256(&self) -> Option<String> {
        self.row.sha256.as_deref().map(|hash| HEXLOWER.encode(hash))
    }

    /// The signed checkpoint up to which the log was exported (C2SP tlog-checkpoint): keep it, a later log must
    /// be consistent with it.
    async fn receipt(&self) -> Option<&str> {
        self.row.checkpoint.as_deref()
    }

    /// What the verification found that was run for a bundle; it proves nothing beside the bundle.
    async fn verdict(&self) -> Result<Option<Verdict>, Failure> {
        Ok(self.row.verdict.as_deref().map(str::parse).transpose()?)
    }

    /// Why it was given up.
    async fn reason(&self) -> Option<&str> {
        self.row.reason.as_deref()
    }

    /// Who asked for it.
    async fn requested_by(&self) -> Principal {
        Principal::of_row(&self.row.requested_by_type, self.row.requested_by_id)
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        self.row.created_at.into()
    }

    /// When it was made or given up.
    async fn finished_at(&self) -> Option<DateTime> {
        self.row.finished_at.map(Into::into)
    }

    /// From when on its file is removed.
    async fn expires_at(&self) -> Option<DateTime> {
        let failed = self.row.state == "FAILED";
        self.row.expires_at.filter(|_| !failed).map(Into::into)
    }

    /// A link to its file, fresh each time; null while there is none. Whoever has it can fetch the file until it
    /// expires. Each one is an entry of the log. Needs role owner, admin or auditor; or scope audit:read.
    async fn download_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Seconds it should work, 60 to 3600; 900 if nothing is said.")]
        expires_in: Option<i32>,
    ) -> Result<Option<String>, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let link = export::link(&request.app, actor, self.row.id, expires_in).await?;
        Ok(link.map(|link| link.url))
    }
}

connection!(
    AuditExportConnection,
    AuditExportEdge,
    AuditExport,
    "exports of the audit log"
);

payload! {
    /// The export that was asked for.
    AuditExportCreatePayload, AuditExportCreateUserError, AuditExportCreateErrorCode {
        /// The export; a worker makes it.
        export: AuditExport,
    } refuses { Invalid, InvalidState }
}

/// An export that is wanted.
#[derive(Debug, InputObject)]
pub struct AuditExportCreateInput {
    /// As what.
    format: AuditExportFormat,
    /// The epoch of the log; without it the newest. A recovery from a backup begins a new one.
    epoch: Option<i32>,
    /// The first entry; of a bundle a multiple of 256.
    #[graphql(default_with = "BigInt(0)")]
    from_seq: BigInt,
    /// The entry behind the last one, of a bundle a multiple of 256; without it up to the newest.
    to_seq: Option<BigInt>,
    /// Whether personal values are to go with the entries. Needs role owner, admin or auditor, signed in as a
    /// person; API keys cannot.
    #[graphql(default)]
    include_disclosures: bool,
}

impl AuditExportCreateInput {
    fn checked(&self) -> Result<NewExport, Error> {
        Ok(NewExport {
            format: self.format.into(),
            epoch: self.epoch,
            first: place("fromSeq", self.from_seq)?,
            end: self.to_seq.map(|seq| place("toSeq", seq)).transpose()?,
            disclosures: self.include_disclosures,
        })
    }
}

fn place(field: &'static str, seq: BigInt) -> Result<u64, Error> {
    u64::try_from(seq.0).map_err(|_| Error::invalid(field, format!("{field} cannot be negative")))
}

/// Exports of the audit log.
#[derive(Debug, Default, Clone, Copy)]
pub struct AuditExportMutation;

/// Exports of the audit log.
#[Object]
impl AuditExportMutation {
    /// Asks for an export of the tenant's log, one at a time; a worker makes it. Asking and making are entries
    /// of the log too. Needs role owner, admin or auditor; or scope audit:read.
    async fn audit_export_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be exported, and as what.")] input: AuditExportCreateInput,
    ) -> Result<AuditExportCreatePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let begun = async {
            let new = input.checked()?;
            let (row, event) = export::create(&request.app, actor, new).await?;
            Ok(AuditExportCreatePayload::done(AuditExport::new(row), event))
        };
        AuditExportCreatePayload::of(begun.await)
    }
}

/// A page of exports.
pub(super) async fn list(
    view: &View<'_>,
    page: &PageRequest,
) -> Result<AuditExportConnection, Error> {
    let page = view.list_audit_exports(page).await?;
    Ok(AuditExportConnection::new(page, |row| {
        (view.audit_export_cursor(row.id), AuditExport::new(row))
    }))
}

/// One export of the active tenant's log.
pub(super) async fn find(
    snapshot: &Snapshot,
    id: AuditExportId,
) -> Result<Option<AuditExport>, Failure> {
    let view = snapshot.view(Action::AuditExport)?;
    match view.get_audit_export(id).await {
        Ok(row) => Ok(Some(AuditExport::new(row))),
        Err(store::StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
