//! The look-ups before a tenant is known: narrow, the application's alone, and over when they return.

use store::testing::Database;

use crate::scene::Scene;

const LOOK_UPS: [&str; 4] = [
    "auth_api_key(text)",
    "auth_invitation(bytea,timestamp with time zone)",
    "auth_memberships(uuid)",
    "auth_session(bytea)",
];

#[tokio::test]
async fn every_function_of_the_schema_is_a_look_up_that_only_the_application_may_call()
-> anyhow::Result<()> {
    let scene = Scene::new(Database::Postgres).await?;
    let functions = scene
        .db
        .look(
            "SELECT p.oid::regprocedure::text || CASE \
               WHEN NOT prosecdef THEN ' has its caller''s rights' \
               WHEN proconfig IS DISTINCT FROM '{\"search_path=pg_catalog, public, pg_temp\"}' \
                 THEN ' looks elsewhere for its tables' \
               WHEN has_function_privilege('public', p.oid, 'EXECUTE') THEN ' is everybody''s' \
               WHEN NOT has_function_privilege('strongroom_test_app', p.oid, 'EXECUTE') \
                 THEN ' is not the application''s' ELSE '' END \
             FROM pg_proc p WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
        )
        .await?;
    let functions: Vec<_> = functions.into_iter().flatten().collect();
    assert_eq!(functions, LOOK_UPS);
    Ok(scene.db.close().await?)
}

#[tokio::test]
async fn a_look_up_leaves_the_wall_as_it_was() -> anyhow::Result<()> {
    let scene = Scene::new(Database::Postgres).await?;
    let own = scene.seed.tenant.uuid().to_string();
    let calls = [
        "SELECT * FROM auth_api_key('none')".to_owned(),
        "SELECT * FROM auth_session('\\x00')".to_owned(),
        "SELECT * FROM auth_invitation('\\x00', now())".to_owned(),
        "SELECT * FROM auth_memberships('00000000-0000-0000-0000-000000000000')".to_owned(),
    ];
    for call in calls {
        for (entered, seen) in [("", Vec::new()), (own.as_str(), vec![Some(own.clone())])] {
            let first =
                format!("BEGIN; SELECT set_config('app.tenant_id', '{entered}', true); {call}");
            let tenants = scene
                .db
                .look_as_application(&first, "SELECT CAST(id AS text) FROM tenant")
                .await?;
            assert_eq!(tenants, seen, "{call} within {entered:?}");
        }
    }
    Ok(scene.db.close().await?)
}
