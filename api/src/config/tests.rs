use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use rstest::rstest;
use secrecy::ExposeSecret;

use super::*;
use crate::reference::hold_equal;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const POSTGRES: &str = "postgres://app:hunter2@db.internal/strongroom";

fn read(pairs: &[(&str, &str)]) -> Result<Config, Problems> {
    Config::from_pairs(pairs.iter().copied())
}

fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
    let problems = read(pairs).expect_err("there should be problems");
    problems.iter().map(str::to_owned).collect()
}

fn file_with(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

fn external() -> Vec<(&'static str, &'static str)> {
    vec![
        ("DATABASE_URL", POSTGRES),
        ("STRONGROOM_MASTER_KEY", KEY),
        ("S3_ENDPOINT", "https://s3.example.com"),
        ("S3_BUCKET", "files"),
        ("S3_ACCESS_KEY", "access-canary"),
        ("S3_SECRET_KEY", "secret-canary"),
    ]
}

#[test]
fn a_previous_master_key_needs_a_number_after_its_own() {
    let pairs = [
        ("STRONGROOM_MASTER_KEY_PREVIOUS", KEY),
        ("STRONGROOM_MASTER_KEY_NUMBER", "2"),
    ];
    let config = read(&pairs).unwrap();
    assert!(config.master_key.previous.is_some());
    let problems = problems(&pairs[..1]);
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("_NUMBER above 1"))
    );
}

#[test]
fn anchors_go_where_the_database_is_not() {
    let embedded = read(&[]).unwrap().audit;
    assert_eq!(embedded.anchor_bucket, None);
    assert_eq!(
        embedded.anchor_file.as_deref(),
        Some(Path::new("./data/anchors.ndjson"))
    );
    let external = read(&external()).unwrap().audit;
    assert_eq!(external.anchor_bucket.as_deref(), Some("files"));
    assert_eq!(external.anchor_file, None);
    let both = read(&[
        ("STRONGROOM_ANCHOR_BUCKET", "locked"),
        ("STRONGROOM_ANCHOR_PREFIX", "a/b"),
        ("STRONGROOM_ANCHOR_FILE", "/mnt/anchors"),
    ]);
    let both = both.unwrap().audit;
    assert_eq!(both.anchor_bucket.as_deref(), Some("locked"));
    assert_eq!(both.anchor_prefix, "a/b");
    assert_eq!(both.anchor_file.as_deref(), Some(Path::new("/mnt/anchors")));
    let problems = problems(&[("STRONGROOM_ANCHOR_PREFIX", "/a//b")]);
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("ANCHOR_PREFIX"))
    );
}

#[test]
fn nothing_needs_to_be_set() {
    let config = read(&[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.public_url.as_str(), "http://127.0.0.1:8080");
    assert_eq!(
        config.embedded_database(),
        Some(Path::new("./data/strongroom.db"))
    );
    let store = config.embedded_store().unwrap();
    assert_eq!(store.listen.to_string(), "127.0.0.1:9090");
    assert_eq!(store.dir, Path::new("./data/objects"));
    assert_eq!(config.files.purge_delay, Duration::from_secs(7 * 86_400));
    assert_eq!(config.files.upload_ttl, Duration::from_secs(900));
    assert_eq!(config.drain.grace, Duration::from_secs(25));
    assert_eq!(config.rate_limits.shield_burst, 100);
    assert_eq!(config.tiers, Tiers::default());
    assert!(config.master_key.bytes.is_none() && !config.is_production());
}

#[test]
fn an_empty_value_is_as_good_as_none() {
    let config = read(&[
        ("STRONGROOM_LISTEN", ""),
        ("S3_BUCKET", ""),
        ("STRONGROOM_TYPO", ""),
    ]);
    assert!(config.unwrap().embedded_store().is_some());
}

#[test]
fn an_external_deployment_is_read() {
    let mut pairs = external();
    pairs.extend([
        ("STRONGROOM_ENV", "production"),
        ("STRONGROOM_PUBLIC_URL", "https://Files.Example.com/"),
        (
            "STRONGROOM_CORS_ORIGINS",
            "https://a.example, http://localhost:3000",
        ),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1,fd00::1/8"),
        ("REPLICAS", "3"),
        ("STRONGROOM_MASTER_KEY_NUMBER", "2"),
        ("S3_FORCE_PATH_STYLE", "false"),
        ("STRONGROOM_REQUESTS_PER_HOUR_FREE", "77"),
    ]);
    let config = read(&pairs).unwrap();
    assert!(config.is_production());
    assert!(config.embedded_database().is_none() && config.embedded_store().is_none());
    assert_eq!(
        config.server.public_url.as_str(),
        "https://files.example.com"
    );
    let proxies: Vec<String> = config
        .server
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.1/32", "fd00::/8"]);
    assert_eq!(config.server.cors_origins.len(), 2);
    assert_eq!(config.master_key.number, 2);
    let key = config.master_key.bytes.as_ref().unwrap();
    assert_eq!(key.expose_secret()[31], 31);
    assert_eq!(config.tiers.free.requests_per_hour, 77);
    let Database::External(database) = &config.database else {
        panic!("a Postgres address is an external database");
    };
    assert!(database.shares_role());
    let ObjectStore::External(store) = &config.object_store else {
        panic!("S3 variables are an external store");
    };
    assert_eq!(store.public_endpoint, store.endpoint);
    assert!(!store.force_path_style);
}

#[test]
fn a_sqlite_address_is_an_embedded_database() {
    let config = read(&[("DATABASE_URL", "sqlite:///var/lib/strongroom/a.db")]).unwrap();
    assert_eq!(
        config.embedded_database(),
        Some(Path::new("/var/lib/strongroom/a.db"))
    );
}

#[test]
fn all_problems_are_reported_at_once() {
    let found = problems(&[
        ("STRONGROOM_LISTEN", "everywhere"),
        ("STRONGROOM_ENV", "prod"),
        ("DATABASE_URL", POSTGRES),
        ("REPLICAS", "0"),
        ("STRONGROOM_PURGE_DELAY", "7"),
        ("S3_BUCKET", "files"),
        ("STRONGROOM_LISTN", "127.0.0.1:1"),
    ]);
    for variable in [
        "STRONGROOM_LISTEN is",
        "STRONGROOM_ENV is",
        "STRONGROOM_MASTER_KEY must be set",
        "REPLICAS is",
        "STRONGROOM_PURGE_DELAY is",
        "S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY",
        "Is it STRONGROOM_LISTEN?",
    ] {
        assert!(
            found.iter().any(|problem| problem.contains(variable)),
            "{variable} is missing in {found:#?}"
        );
    }
    assert_eq!(found.len(), 7, "{found:#?}");
}

#[rstest]
#[case::listen("STRONGROOM_LISTEN", "localhost")]
#[case::public_path("STRONGROOM_PUBLIC_URL", "https://a.example/path")]
#[case::public_user("STRONGROOM_PUBLIC_URL", "https://user:pass@a.example")]
#[case::public_scheme("STRONGROOM_PUBLIC_URL", "ftp://a.example")]
#[case::public_port("STRONGROOM_PUBLIC_URL", "https://a.example:99999")]
#[case::cors_wildcard("STRONGROOM_CORS_ORIGINS", "*")]
#[case::cors_wild_host("STRONGROOM_CORS_ORIGINS", "https://*.example")]
#[case::cors_second("STRONGROOM_CORS_ORIGINS", "https://a.example,null")]
#[case::proxies("TRUSTED_PROXIES", "10.0.0.0/33")]
#[case::replicas("REPLICAS", "1001")]
#[case::negative("STRONGROOM_SHIELD_BURST", "-1")]
#[case::fraction("STRONGROOM_SHIELD_BURST", "1.5")]
#[case::zero("STRONGROOM_ANONYMOUS_PER_HOUR", "0")]
#[case::huge("STRONGROOM_REQUEST_BURST", "99999999999999999999")]
#[case::no_unit("STRONGROOM_UPLOAD_TTL", "900")]
#[case::short("STRONGROOM_UPLOAD_TTL", "59s")]
#[case::long("STRONGROOM_UPLOAD_TTL", "2d")]
#[case::unit("STRONGROOM_SWEEP_INTERVAL", "3w")]
#[case::overflow("STRONGROOM_PURGE_DELAY", "18446744073709551615d")]
#[case::format("STRONGROOM_LOG_FORMAT", "xml")]
#[case::filter("STRONGROOM_LOG", "store=loudly")]
#[case::domain("STRONGROOM_AUDIT_DOMAIN", "Files.example")]
#[case::public_listener("STRONGROOM_EMBEDDED_S3_LISTEN", "0.0.0.0:9090")]
#[case::database("DATABASE_URL", "mysql://db/x")]
#[case::sqlite("DATABASE_URL", "sqlite://")]
#[case::owner_alone("DATABASE_OWNER_URL", POSTGRES)]
#[case::short_key("STRONGROOM_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODw==")]
#[case::not_base64("STRONGROOM_MASTER_KEY", "correct horse battery staple")]
#[case::tiers("STRONGROOM_TIERS_FILE", "/nowhere/tiers.toml")]
#[case::catalogue("STRONGROOM_CATALOGUE_FILE", "/nowhere/catalogue.toml")]
fn a_bad_value_is_refused_and_named(#[case] variable: &str, #[case] value: &str) {
    let found = problems(&[(variable, value)]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with(variable), "{found:#?}");
}

#[rstest]
#[case("STRONGROOM_LISTN", "Is it STRONGROOM_LISTEN?")]
#[case("STRONGROOM_MASTERKEY", "Is it STRONGROOM_MASTER_KEY?")]
#[case("STRONGROOM_MASTER_KEY_FIEL", "Is it STRONGROOM_MASTER_KEY_FILE?")]
#[case("STRONGROOM_LISTEN_FILE", "is not a variable")]
#[case("STRONGROOM_COLOUR_SCHEME", "docs/configuration.md")]
fn an_unknown_variable_is_refused(#[case] variable: &str, #[case] says: &str) {
    let found = problems(&[(variable, "x")]);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with(variable) && found[0].contains(says),
        "{found:?}"
    );
}

#[test]
fn what_is_made_for_one_machine_is_warned_of_in_production() {
    let public = ("STRONGROOM_PUBLIC_URL", "https://files.example.com");
    let warnings = |pairs: &[(&str, &str)]| read(pairs).unwrap().warnings();
    assert_eq!(warnings(&[]), Vec::<String>::new());
    let told = warnings(&[("STRONGROOM_ENV", "production"), public]);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("DATABASE_URL") && told[1].contains("S3_"));
    let mut outside = external();
    outside.extend([("STRONGROOM_ENV", "production"), public]);
    assert_eq!(warnings(&outside), Vec::<String>::new());
}

#[test]
fn production_demands_an_encrypted_public_address() {
    for extra in [None, Some(("STRONGROOM_PUBLIC_URL", "http://a.example"))] {
        let mut pairs = vec![("STRONGROOM_ENV", "production")];
        pairs.extend(extra);
        let found = problems(&pairs);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("https"), "{found:?}");
    }
}

#[test]
fn several_replicas_share_database_and_store() {
    assert_eq!(problems(&[("REPLICAS", "2")]).len(), 2);
    let mut pairs = external();
    pairs.push(("REPLICAS", "2"));
    assert_eq!(read(&pairs).unwrap().server.replicas, 2);
}

#[rstest]
#[case("\n")]
#[case("\r\n")]
#[case("")]
fn a_secret_may_come_from_a_file(#[case] line_end: &str) {
    let file = file_with(&format!("{KEY}{line_end}"));
    let path = file.path().to_str().unwrap();
    let config = read(&[
        ("STRONGROOM_MASTER_KEY_FILE", path),
        ("DATABASE_URL", POSTGRES),
    ])
    .unwrap();
    assert!(config.master_key.bytes.is_some());
    assert!(config.check_report().contains(&format!(
        "STRONGROOM_MASTER_KEY = secret of 44 bytes  (file {path})"
    )));
}

#[test]
fn only_one_line_end_is_dropped_from_a_file() {
    let file = file_with("secret \n\n");
    let mut pairs = external();
    pairs.retain(|(name, _)| *name != "S3_SECRET_KEY");
    pairs.push(("S3_SECRET_KEY_FILE", file.path().to_str().unwrap()));
    let config = read(&pairs).unwrap();
    let ObjectStore::External(store) = &config.object_store else {
        panic!("S3 variables are an external store");
    };
    assert_eq!(store.secret_key.expose_secret(), "secret \n");
}

#[test]
fn a_variable_and_its_file_exclude_each_other() {
    let file = file_with(KEY);
    let found = problems(&[
        ("STRONGROOM_MASTER_KEY", KEY),
        ("STRONGROOM_MASTER_KEY_FILE", file.path().to_str().unwrap()),
    ]);
    assert_eq!(
        found,
        ["STRONGROOM_MASTER_KEY and STRONGROOM_MASTER_KEY_FILE are both set: keep one."]
    );
}

#[test]
fn an_unreadable_file_is_a_problem() {
    let found = problems(&[("DATABASE_URL_FILE", "/nowhere/url")]);
    assert_eq!(
        found,
        ["DATABASE_URL_FILE: /nowhere/url cannot be read (entity not found)."]
    );
}

#[test]
fn tiers_and_catalogue_come_from_files() {
    let tiers = file_with("[free]\nusers = 5\n");
    let config = read(&[("STRONGROOM_TIERS_FILE", tiers.path().to_str().unwrap())]).unwrap();
    assert_eq!(config.tiers.free.users, 5);
    assert_eq!(config.tiers.basic, Tiers::default().basic);
    let broken = file_with("[free]\ncolour = 5\n");
    let found = problems(&[("STRONGROOM_TIERS_FILE", broken.path().to_str().unwrap())]);
    assert!(found[0].contains("colour"), "{found:?}");
}

#[test]
fn a_redis_is_named_by_a_url_that_the_driver_understands() {
    assert!(read(&[]).unwrap().redis.is_none());
    let url = "rediss://app:hunter2@redis.internal:6380/2";
    let redis = read(&[("REDIS_URL", url)]).unwrap().redis.unwrap();
    assert_eq!(redis.url.expose_secret(), url);
    assert_eq!(
        (&*redis.prefix, redis.timeout.as_millis()),
        ("strongroom", 50)
    );
    for wrong in ["http://:hunter2@redis", "redis://hunter2:99999", "hunter2"] {
        let found = problems(&[("REDIS_URL", wrong)]);
        assert!(found[0].starts_with("REDIS_URL is ("), "{found:?}");
        assert!(!found[0].contains("hunter2"), "{found:?}");
    }
    for wrong in ["a b", "{a}", &"a".repeat(65)] {
        assert_eq!(problems(&[("STRONGROOM_REDIS_PREFIX", wrong)]).len(), 1);
    }
    assert_eq!(problems(&[("STRONGROOM_COST_BUCKET", "999")]).len(), 1);
}

#[test]
fn no_secret_is_ever_shown() {
    let config = read(&external()).unwrap();
    let shown = format!("{config:?}\n{}", config.check_report());
    for secret in [KEY, "hunter2", "access-canary", "secret-canary"] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
    let secrets = [
        ("DATABASE_URL", "mysql://app:hunter2@db"),
        ("STRONGROOM_MASTER_KEY", "hunter2"),
        ("DATABASE_OWNER_URL", "hunter2"),
    ];
    let problems = read(&secrets).unwrap_err();
    assert!(!format!("{problems} {problems:?}").contains("hunter2"));
    let environment: Environment = secrets.into_iter().collect();
    assert!(!format!("{environment:?}").contains("hunter2"));
}

#[test]
fn the_report_has_one_line_for_every_variable() {
    for pairs in [vec![], external()] {
        let report = read(&pairs).unwrap().check_report();
        let variables: Vec<&str> = report
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .map(|(variable, _)| variable)
            .collect();
        let expected: Vec<&str> = KEYS.iter().map(|key| key.variable).collect();
        assert_eq!(variables, expected);
    }
    let report = read(&[("REPLICAS", "1")]).unwrap().check_report();
    assert!(report.contains("REPLICAS = 1  (environment)"));
    assert!(report.contains("STRONGROOM_UPLOAD_TTL = 15m  (default)"));
    assert!(report.contains("DATABASE_URL = -  (not set: "));
}

#[test]
fn the_table_is_sound() {
    let names: BTreeSet<&str> = KEYS.iter().map(|key| key.variable).collect();
    assert_eq!(names.len(), KEYS.len());
    for key in KEYS {
        assert_eq!(
            key.default.is_some(),
            key.absent.is_empty(),
            "{}",
            key.variable
        );
        assert!(key.doc.ends_with('.'), "{}", key.variable);
        assert!(!key.secret || key.file, "{}", key.variable);
        assert!(Section::ALL.contains(&key.section));
    }
}

#[rstest]
#[case("90s", 90)]
#[case("15m", 900)]
#[case("12h", 43_200)]
#[case("7d", 604_800)]
#[case("0s", 0)]
fn durations_are_written_as_they_are_read(#[case] text: &str, #[case] seconds: u64) {
    assert_eq!(duration::parse(text), Some(Duration::from_secs(seconds)));
    assert_eq!(
        duration::parse(&duration::format(seconds)),
        Some(Duration::from_secs(seconds))
    );
}

#[test]
fn the_committed_documentation_is_what_the_table_says() {
    hold_equal("docs/configuration.md", &configuration_md());
}

#[test]
fn the_committed_example_is_what_the_table_says() {
    hold_equal(".env.example", &env_example());
}
