//! Both schemas. Limits are the guard's business, outside; suggestions are off, because they tell
//! names of a schema that introspection may be closed to.

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};

use super::{
    api_key::ApiKeyMutation,
    audit_export::AuditExportMutation,
    audit_retention::RetentionMutation,
    audit_verification::AuditMutation,
    file::FileMutation,
    link::LinkMutation,
    member::MemberMutation,
    operator::{OperatorMutation, OperatorQuery},
    operator_tenant::OperatorTenantMutation,
    query::Query,
    session::SessionMutation,
    settings::TenantMutation,
    upload::UploadMutation,
};

/// The root of every change.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(
    SessionMutation,
    MemberMutation,
    ApiKeyMutation,
    UploadMutation,
    FileMutation,
    LinkMutation,
    AuditMutation,
    AuditExportMutation,
    RetentionMutation,
    TenantMutation,
);

/// The root of every change by operators.
#[derive(Debug, Default, MergedObject)]
#[graphql(name = "Mutation")]
pub struct OperatorRoot(OperatorMutation, OperatorTenantMutation);

/// The schema of `/graphql`.
pub type TenantSchema = Schema<Query, Mutation, EmptySubscription>;
/// The schema of `/operator/graphql`.
pub type OperatorSchema = Schema<OperatorQuery, OperatorRoot, EmptySubscription>;

/// The schema of `/graphql`. Each request brings its own `Arc<Request>` as data.
#[must_use]
pub fn tenant_schema() -> TenantSchema {
    build(Schema::build(Query, Mutation::default(), EmptySubscription))
}

/// The schema of `/operator/graphql`. Each request brings its own `Arc<Request>` as data.
#[must_use]
pub fn operator_schema() -> OperatorSchema {
    build(Schema::build(
        OperatorQuery,
        OperatorRoot::default(),
        EmptySubscription,
    ))
}

fn build<Q, M>(builder: SchemaBuilder<Q, M, EmptySubscription>) -> Schema<Q, M, EmptySubscription>
where
    Q: async_graphql::ObjectType + 'static,
    M: async_graphql::ObjectType + 'static,
{
    builder.disable_suggestions().finish()
}

#[cfg(test)]
mod tests;
