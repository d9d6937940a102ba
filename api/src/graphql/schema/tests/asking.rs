//! Requests against a database of their own.

use std::sync::Arc;

use async_graphql::{Response, Value};
use entity::{ApiKeyId, FileId, MemberId};
use policy::{Role, Scope, Scopes, TenantStep, Tier};
use store::{
    RequestContext,
    tenant::{CreatedTenant, NewTenant},
    testing::{Database, Seed, Throwaway, key_actor, seed, throwaway},
    user::NewUser,
};

use super::super::tenant_schema;
use crate::{
    adapter::blob::{Blob, StoreOptions},
    app::App,
    config::Config,
    graphql::context,
    http::Engine,
    request::{Caller, Request},
};

pub(super) struct House {
    app: Arc<App>,
    seed: Seed,
    _database: Throwaway,
}

/// An application over a database of its own. Its object store is never asked: signing is local.
pub(super) async fn house() -> House {
    let database = throwaway(Database::Sqlite).await.unwrap();
    let seed = seed(&database.store).await.unwrap();
    let config = Config::from_pairs([("STRONGROOM_ENV", "development")]).unwrap();
    let origin = "http://127.0.0.1:9".to_owned();
    let blob = Blob::connect(&StoreOptions {
        endpoint: origin.clone(),
        public_endpoint: origin,
        region: "eu-central-1".to_owned(),
        bucket: "files".to_owned(),
        access_key: "access".into(),
        secret_key: "secret".into(),
        force_path_style: true,
    });
    let app = App::new(Arc::new(config), database.store.clone(), blob);
    House {
        app: Arc::new(app),
        seed,
        _database: database,
    }
}

impl House {
    fn owner(&self) -> Caller {
        Caller::Key(self.seed.actor(Role::Owner))
    }

    fn key(&self, scopes: Scopes) -> Caller {
        let key = ApiKeyId::generate();
        Caller::Key(key_actor(self.seed.tenant, key, scopes, Role::Owner))
    }

    async fn ask(&self, caller: Caller, query: &str) -> Response {
        let changes = query.trim_start().starts_with("mutation");
        let context = RequestContext::internal();
        let request = Request::new(Arc::clone(&self.app), caller, context, changes);
        let asked = context::carry(async_graphql::Request::new(query), &Arc::new(request));
        Engine::new(tenant_schema()).execute(asked).await
    }

    /// The data of an answer without errors.
    pub(super) async fn data(&self, query: &str) -> serde_json::Value {
        let response = self.ask(self.owner(), query).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        response.data.into_json().unwrap()
    }

    async fn another_tenant(&self) -> CreatedTenant {
        let new = NewTenant {
            slug: "other".to_owned(),
            name: "Other".to_owned(),
            tier: Tier::Free,
            owner: NewUser {
                email: "other@example.com".to_owned(),
                name: "Other".to_owned(),
                password_hash: String::new(),
            },
        };
        let operator = self.seed.operator();
        let made = self.app.store.create_tenant(&operator, new);
        let made = made.await.unwrap();
        let id = made.tenant.id;
        let step = TenantStep::Activate;
        let stepped = self.app.store.step_tenant(&operator, step, id);
        stepped.await.unwrap();
        made
    }

    async fn upload(&self, number: usize) {
        let input = format!(
            "{{ system: \"workspace\", objectType: \"doc\", objectId: \"o\", \
             filename: \"{number}.pdf\", mediaType: \"application/pdf\", byteLen: 10 }}"
        );
        let query = format!(
            "mutation {{ fileUploadCreate(input: {input}) {{ file {{ id }} userErrors {{ message }} }} }}"
        );
        let data = self.data(&query).await;
        assert!(data["fileUploadCreate"]["file"]["id"].is_string(), "{data}");
    }
}

fn codes(response: &Response) -> Vec<String> {
    let extensions = response.errors.iter().filter_map(|e| e.extensions.as_ref());
    let codes = extensions.filter_map(|extensions| extensions.get("code"));
    codes
        .map(|code| code.to_string().replace('"', ""))
        .collect()
}

#[tokio::test]
async fn the_dashboard_takes_six_statements() {
    const DASHBOARD: &str = "{ viewer { tenant { slug \
        quotas { metric limit used held trash available periodStart periodEnd } \
        files(first: 20) { nodes { id filename createdBy { type id name } } pageInfo { endCursor } } \
        auditEntries(first: 10) { nodes { seq hash prevHash action actor { type id } } } } } }";
    let house = house().await;
    for number in 0..20 {
        house.upload(number).await;
    }
    let before = house.app.store.database().statements();
    let data = house.data(DASHBOARD).await;
    let taken = house.app.store.database().statements() - before;
    let tenant = &data["viewer"]["tenant"];
    assert_eq!(tenant["files"]["nodes"].as_array().unwrap().len(), 20);
    assert_eq!(tenant["files"]["nodes"][0]["createdBy"]["name"], "Owner");
    assert_eq!(tenant["quotas"].as_array().unwrap().len(), 4);
    assert_eq!(
        tenant["auditEntries"]["nodes"].as_array().unwrap().len(),
        10
    );
    assert!(taken <= 6, "{taken} statements");
}

#[tokio::test]
async fn ids_that_lead_nowhere_get_the_same_bytes() {
    let house = house().await;
    let other = house.another_tenant().await;
    let ids = [
        other.tenant.id.to_string(),
        other.owner.to_string(),
        MemberId::generate().to_string(),
        FileId::generate().to_string(),
        "mem_x".to_owned(),
        "nothing".to_owned(),
        entity::SessionId::generate().to_string(),
    ];
    for id in ids {
        let query = format!("{{ node(id: \"{id}\") {{ id __typename }} }}");
        let response = house.ask(house.owner(), &query).await;
        let text = serde_json::to_string(&response).unwrap();
        assert_eq!(text, "{\"data\":{\"node\":null}}", "{id}");
    }
}

#[tokio::test]
async fn the_own_tenant_and_member_are_found_by_id() {
    let house = house().await;
    let (tenant, owner) = (house.seed.tenant, house.seed.owner);
    let query = format!("{{ nodes(ids: [\"{tenant}\", \"{owner}\"]) {{ id __typename }} }}");
    let data = house.data(&query).await;
    assert_eq!(data["nodes"][0]["id"], tenant.to_string());
    assert_eq!(data["nodes"][1]["__typename"], "Member");
}

#[tokio::test]
async fn a_kind_without_the_right_is_forbidden_whether_or_not_the_id_exists() {
    let house = house().await;
    let caller = house.key(Scopes::from(Scope::FilesRead));
    for id in [house.seed.owner, MemberId::generate()] {
        let query = format!("{{ node(id: \"{id}\") {{ id }} }}");
        let response = house.ask(caller.clone(), &query).await;
        assert_eq!(codes(&response), vec!["FORBIDDEN".to_owned()]);
        assert_eq!(
            response.data.into_json().unwrap()["node"],
            serde_json::Value::Null
        );
    }
}

#[tokio::test]
async fn a_field_that_is_forbidden_takes_with_it_what_may_not_be_without_it() {
    let house = house().await;
    let viewer = Caller::Key(house.seed.actor(Role::Viewer));
    let query = "{ viewer { principal { id } tenant { id apiKeys(first: 1) { nodes { id } } } } }";
    let response = house.ask(viewer, query).await;
    assert_eq!(codes(&response), vec!["FORBIDDEN".to_owned()]);
    let answer = serde_json::to_value(&response).unwrap();
    let path = serde_json::json!(["viewer", "tenant", "apiKeys"]);
    assert_eq!(answer["errors"][0]["path"], path);
    let viewer = &answer["data"]["viewer"];
    assert!(viewer["principal"]["id"].is_string(), "{answer}");
    assert_eq!(viewer.get("tenant"), Some(&serde_json::Value::Null));
}

#[tokio::test]
async fn a_mutation_that_is_forbidden_has_no_data() {
    let house = house().await;
    let id = FileId::generate();
    let query =
        format!("mutation {{ fileTrash(input: {{ fileId: \"{id}\" }}) {{ file {{ id }} }} }}");
    let caller = house.key(Scopes::from(Scope::FilesRead));
    let response = house.ask(caller, &query).await;
    assert_eq!(codes(&response), vec!["FORBIDDEN".to_owned()]);
    assert_eq!(response.data, Value::Null);
}

#[tokio::test]
async fn one_of_many_nodes_fails_alone_and_at_its_place() {
    let house = house().await;
    let (tenant, owner) = (house.seed.tenant, house.seed.owner);
    let caller = house.key(Scopes::from(Scope::FilesRead));
    let query = format!("{{ nodes(ids: [\"{tenant}\", \"x\", \"{owner}\"]) {{ id }} }}");
    let response = house.ask(caller, &query).await;
    assert_eq!(codes(&response), vec!["FORBIDDEN".to_owned()]);
    let errors = serde_json::to_value(&response.errors).unwrap();
    assert_eq!(errors[0]["path"], serde_json::json!(["nodes", 2]));
    let nodes = serde_json::json!({ "nodes": [{ "id": tenant.to_string() }, null, null] });
    assert_eq!(response.data.into_json().unwrap(), nodes);
}

#[tokio::test]
async fn a_page_of_a_hundred_and_one_names_the_argument() {
    let house = house().await;
    let query = "{ viewer { tenant { members(first: 101) { nodes { id } } } } }";
    let response = house.ask(house.owner(), query).await;
    assert_eq!(codes(&response), vec!["INVALID".to_owned()]);
    let message = &response.errors.first().unwrap().message;
    assert_eq!(message, "first must be between 1 and 100");
}

#[tokio::test]
async fn a_mutation_of_an_unknown_id_is_a_user_error_with_its_path() {
    let house = house().await;
    for id in [ApiKeyId::generate().to_string(), "key_x".to_owned()] {
        let query = format!(
            "mutation {{ apiKeyRevoke(input: {{ id: \"{id}\" }}) \
             {{ apiKey {{ id }} userErrors {{ message path code }} auditEvent {{ id }} }} }}"
        );
        let expected = serde_json::json!({ "apiKeyRevoke": {
            "apiKey": null,
            "auditEvent": null,
            "userErrors": [{
                "message": "there is no such API key",
                "path": ["input", "id"],
                "code": "NOT_FOUND",
            }],
        } });
        assert_eq!(house.data(&query).await, expected);
    }
}

#[tokio::test]
async fn a_key_is_shown_once_and_its_event_leads_to_its_entry() {
    let house = house().await;
    let data = house
        .data(
            "mutation { apiKeyCreate(input: { name: \"ci\", scopes: [FILES_READ, AUDIT_READ], \
             cidrs: [\"10.1.2.3/8\"] }) { secret apiKey { name prefix scopes cidrs createdBy { name } } \
             userErrors { message } auditEvent { id status entry { action actor { name } \
             targets { type id } } } } }",
        )
        .await;
    let made = &data["apiKeyCreate"];
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with(made["apiKey"]["prefix"].as_str().unwrap()));
    assert_eq!(made["apiKey"]["cidrs"][0], "10.0.0.0/8");
    assert_eq!(made["apiKey"]["createdBy"]["name"], "Owner");
    assert_eq!(made["auditEvent"]["status"], "SIGNED");
    assert_eq!(made["auditEvent"]["entry"]["action"], "api_key.create");
    assert_eq!(made["auditEvent"]["entry"]["targets"][0]["type"], "api_key");
}

#[tokio::test]
async fn a_verification_ends_with_a_verdict_and_is_found_by_id() {
    let house = house().await;
    let fields = "id state verdict assurance firstBadSeq damage";
    let query = format!(
        "mutation {{ auditVerify(input: {{ full: true }}) {{ verification {{ {fields} }} \
         auditEvent {{ id }} }} }}"
    );
    let data = house.data(&query).await;
    let run = &data["auditVerify"]["verification"];
    assert_eq!(run["state"], "DONE");
    assert_eq!(run["verdict"], "INTACT");
    assert_eq!(run["assurance"], "A1");
    let id = run["id"].as_str().unwrap();
    let query = format!("{{ node(id: \"{id}\") {{ ... on AuditVerification {{ {fields} }} }} }}");
    assert_eq!(house.data(&query).await["node"], *run);
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_are_told_the_same() {
    let house = house().await;
    let answer = async |email: &str| {
        let query = format!(
            "mutation {{ login(input: {{ email: \"{email}\", password: \"not the one at all\" }}) \
             {{ token userErrors {{ message path code }} }} }}"
        );
        let response = house.ask(Caller::Anonymous, &query).await;
        (response.data, response.errors.len())
    };
    let known = format!("owner-{}@example.com", house.seed.tenant.uuid().simple());
    let told = answer(&known).await;
    assert_ne!(told.0, Value::Null);
    assert_eq!(told, answer("nobody@example.com").await);
}

#[tokio::test]
async fn audit_filters_hold_and_a_foreign_actor_has_no_entries() {
    let house = house().await;
    house.upload(1).await;
    let count = async |filter: &str| {
        let query = format!(
            "{{ viewer {{ tenant {{ auditEntries(first: 50, filter: {{ {filter} }}) \
             {{ nodes {{ action }} }} }} }} }}"
        );
        let data = house.data(&query).await;
        data["viewer"]["tenant"]["auditEntries"]["nodes"]
            .as_array()
            .unwrap()
            .len()
    };
    let owner = house.seed.owner;
    assert_eq!(count("actions: [\"file.upload_create\"]").await, 1);
    assert_eq!(count(&format!("actorId: \"{owner}\"")).await, 1);
    assert_eq!(
        count(&format!("actorId: \"{}\"", MemberId::generate())).await,
        0
    );
    assert_eq!(count("outcome: DENIED").await, 0);
}

#[tokio::test]
async fn settings_are_changed_by_version_and_say_which_of_them_are_set() {
    let house = house().await;
    let update = async |input: &str| {
        let query = format!(
            "mutation {{ tenantSettingsUpdate(input: {{ {input} }}) {{ settings {{ version timeZone locale \
             linkTtlSeconds invitationDomains set }} userErrors {{ path code }} }} }}"
        );
        house.data(&query).await["tenantSettingsUpdate"].clone()
    };
    let done = update("expectedVersion: 1, timeZone: \"Asia/Tokyo\", linkTtlSeconds: 120").await;
    let expected = serde_json::json!({
        "version": 2, "timeZone": "Asia/Tokyo", "locale": "en", "linkTtlSeconds": 120,
        "invitationDomains": [], "set": ["TIME_ZONE", "LINK_TTL_SECONDS"],
    });
    assert_eq!(done["settings"], expected);
    let stale = update("expectedVersion: 1, locale: \"de\"").await;
    let expected = serde_json::json!([
        { "path": ["input", "expectedVersion"], "code": "VERSION_MISMATCH" },
    ]);
    assert_eq!(stale["userErrors"], expected);
    let wrong = update("expectedVersion: 2, linkTtlSeconds: 1").await;
    let expected = serde_json::json!([{ "path": ["input", "linkTtlSeconds"], "code": "INVALID" }]);
    assert_eq!(wrong["userErrors"], expected);
    let data = house
        .data("{ viewer { tenant { version contact { name } settings { version definitions { key } } } } }")
        .await;
    let tenant = &data["viewer"]["tenant"];
    assert_eq!(tenant["settings"]["version"], 2);
    let definitions = tenant["settings"]["definitions"].as_array();
    assert_eq!(
        definitions.map(Vec::len),
        Some(policy::SettingKey::ALL.len())
    );
    assert!(tenant["contact"].is_null());
}
