use super::*;

const TTL: Duration = Duration::from_secs(600);

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn after(seconds: u64) -> DateTime<Utc> {
    start() + Duration::from_secs(seconds)
}

fn key() -> LinkKey {
    LinkKey {
        tenant: TenantId::generate(),
        file: FileId::generate(),
        disposition: "inline".to_owned(),
        ttl: TTL,
    }
}

fn link(url: &str) -> Link {
    Link {
        url: url.to_owned(),
        expires_at: start() + TTL,
    }
}

fn put(cache: &LinkCache, key: &LinkKey, url: &str) {
    cache.put(key, link(url), start());
}

#[test]
fn a_link_is_handed_out_while_more_than_half_of_its_life_remains() {
    let (cache, key) = (LinkCache::new(), key());
    assert_eq!(cache.find(&key, start()), None);
    put(&cache, &key, "a");
    assert_eq!(cache.find(&key, after(299)), Some(link("a")));
    assert_eq!(cache.find(&key, after(300)), None);
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses), (1, 2));
}

#[test]
fn a_new_link_takes_the_place_of_the_old_one() {
    let (cache, key) = (LinkCache::new(), key());
    put(&cache, &key, "a");
    put(&cache, &key, "b");
    assert_eq!(cache.find(&key, start()), Some(link("b")));
}

#[test]
fn links_that_differ_in_anything_are_apart() {
    let (cache, key) = (LinkCache::new(), key());
    let others = [
        LinkKey {
            tenant: TenantId::generate(),
            ..key.clone()
        },
        LinkKey {
            file: FileId::generate(),
            ..key.clone()
        },
        LinkKey {
            disposition: "attachment".to_owned(),
            ..key.clone()
        },
        LinkKey {
            ttl: Duration::from_secs(60),
            ..key.clone()
        },
    ];
    put(&cache, &key, "a");
    for other in &others {
        assert_eq!(cache.find(other, start()), None);
    }
    put(&cache, &others[2], "b");
    assert_eq!(cache.find(&key, start()), Some(link("a")));
    assert_eq!(cache.find(&others[2], start()), Some(link("b")));
}

#[test]
fn a_forgotten_file_has_no_links() {
    let (cache, key) = (LinkCache::new(), key());
    let attachment = LinkKey {
        disposition: "attachment".to_owned(),
        ..key.clone()
    };
    let other = LinkKey {
        file: FileId::generate(),
        ..key.clone()
    };
    for key in [&key, &attachment, &other] {
        put(&cache, key, "a");
    }
    cache.forget_file(key.tenant, key.file);
    assert_eq!(cache.find(&key, start()), None);
    assert_eq!(cache.find(&attachment, start()), None);
    assert_eq!(cache.find(&other, start()), Some(link("a")));
    assert_eq!(cache.stats().invalidations, 1);
}

#[test]
fn a_forgotten_tenant_has_no_links_and_may_get_new_ones() {
    let (cache, gone, other) = (LinkCache::new(), key(), key());
    put(&cache, &gone, "a");
    put(&cache, &other, "b");
    cache.forget_tenant(gone.tenant);
    assert_eq!(cache.find(&gone, start()), None);
    assert_eq!(cache.find(&other, start()), Some(link("b")));
    std::iter::repeat_with(|| {
        put(&cache, &gone, "c");
        cache.files.run_pending_tasks();
        cache.find(&gone, start())
    })
    .take(1_000)
    .find(|found| found == &Some(link("c")))
    .unwrap();
}

#[test]
fn a_file_keeps_few_links() {
    let (cache, key) = (LinkCache::new(), key());
    for seconds in 0..1_000 {
        let key = LinkKey {
            ttl: TTL - Duration::from_millis(seconds),
            ..key.clone()
        };
        put(&cache, &key, "a");
    }
    let links = cache.files.get(&(key.tenant, key.file)).unwrap();
    assert_eq!(links.weight(), 16 * (128 + 6 + 1));
}

#[test]
fn the_url_is_not_shown() {
    assert!(!format!("{:?}", link("https://secret")).contains("secret"));
}
