mod field;
mod lua;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use futures_util::FutureExt;
use governor::clock::FakeRelativeClock;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

const LIMITS: Limits = Limits {
    shield_per_second: 20,
    shield_burst: 100,
    failed_credentials_per_minute: 10,
    anonymous_per_hour: 100,
    burst_per_second: 10,
    burst: 50,
    requests_per_hour: TierRates {
        free: 1_000,
        basic: 5_000,
        professional: 20_000,
        enterprise: 200_000,
    },
    cost_per_second: 100,
    cost_bucket: 2_000,
    concurrent_per_tenant: 20,
    max_keys: 200_000,
};
const CALLER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 4));

struct Fixture {
    clock: FakeRelativeClock,
    limiter: Limiter<FakeRelativeClock>,
}

fn fixture() -> Fixture {
    with(LIMITS)
}

fn with(limits: Limits) -> Fixture {
    one_of(1, limits)
}

fn one_of(processes: u32, limits: Limits) -> Fixture {
    let clock = FakeRelativeClock::default();
    // Not the very first instant, where an idle key and a missing one look alike.
    clock.advance(Duration::from_secs(86_400));
    let limiter = Limiter::with_clock(&limits, processes, &clock);
    clock.advance(Duration::from_secs(86_400));
    Fixture { clock, limiter }
}

fn address(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(number))
}

/// What a limit says without Redis: it need not wait for anybody.
fn now<T>(asked: impl Future<Output = T>) -> T {
    asked.now_or_never().expect("this process knows by itself")
}

/// How many calls in a row are allowed.
fn allowed(call: impl Fn() -> Decision) -> usize {
    (0..1_000_000).take_while(|_| call().allowed).count()
}

#[test]
fn the_shield_lets_a_burst_through_and_then_its_rate() {
    let Fixture { clock, limiter } = fixture();
    assert_eq!(allowed(|| limiter.shield(CALLER)), 100);
    assert_eq!(limiter.shield(CALLER).retry_after_seconds, 1);
    clock.advance(Duration::from_secs(1));
    assert_eq!(allowed(|| limiter.shield(CALLER)), 20);
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(allowed(|| limiter.shield(CALLER)), 100);
    assert!(limiter.shield(address(1)).allowed);
}

#[test]
fn a_64_bit_prefix_counts_as_one_address() {
    let Fixture { limiter, .. } = fixture();
    let of = |bits: u128| IpAddr::V6(Ipv6Addr::from_bits((0x2001_0db8 << 96) | bits));
    for host in 0..100 {
        assert!(now(limiter.anonymous(of(host))).allowed);
    }
    assert!(!now(limiter.anonymous(of(12_345))).allowed);
    assert!(now(limiter.anonymous(of(1 << 64))).allowed);
}

#[test]
fn anonymous_requests_are_counted_by_the_hour() {
    let Fixture { clock, limiter } = fixture();
    assert_eq!(allowed(|| now(limiter.anonymous(CALLER))), 100);
    assert_eq!(now(limiter.anonymous(CALLER)).retry_after_seconds, 36);
    clock.advance(Duration::from_secs(36));
    assert_eq!(allowed(|| now(limiter.anonymous(CALLER))), 1);
}

#[test]
fn only_wrong_credentials_are_counted() {
    let Fixture { clock, limiter } = fixture();
    for _ in 0..1_000 {
        now(now(limiter.guess(CALLER)).unwrap().end(false));
    }
    for failures in 1..=10 {
        now(now(limiter.guess(CALLER)).unwrap().end(true));
        assert_eq!(guesses(&limiter), 10 - failures);
    }
    let refused = now(limiter.guess(CALLER)).unwrap_err();
    assert_eq!(refused.retry_after_seconds, 6);
    assert!(!now(limiter.wrong_credential(CALLER)).allowed);
    clock.advance(Duration::from_secs(6));
    assert_eq!(guesses(&limiter), 1);
    assert!(now(limiter.wrong_credential(CALLER)).allowed);
    assert_eq!(guesses(&limiter), 0);
}

#[test]
fn no_more_credentials_are_compared_at_once_than_may_be_wrong() {
    let Fixture { limiter, .. } = fixture();
    now(now(limiter.guess(CALLER)).unwrap().end(true));
    let under_way: Vec<_> = std::iter::from_fn(|| now(limiter.guess(CALLER)).ok()).collect();
    assert_eq!(under_way.len(), 9);
    assert_eq!(
        now(limiter.guess(CALLER)).unwrap_err().retry_after_seconds,
        1
    );
    now(now(limiter.guess(address(1))).unwrap().end(false));
    for guess in under_way {
        now(guess.end(false));
    }
    assert_eq!(guesses(&limiter), 9);
}

#[test]
fn who_goes_away_before_the_verdict_has_guessed_wrong() {
    let Fixture { limiter, .. } = fixture();
    drop(now(limiter.guess(CALLER)));
    assert_eq!(guesses(&limiter), 9);
}

/// How many may be under way at once just now.
fn guesses(limiter: &Limiter<FakeRelativeClock>) -> usize {
    let under_way: Vec<_> = std::iter::from_fn(|| now(limiter.guess(CALLER)).ok()).collect();
    let count = under_way.len();
    under_way
        .into_iter()
        .for_each(|guess| now(guess.end(false)));
    count
}

#[rstest]
#[case(Tier::Free, 50, 10)]
#[case(Tier::Basic, 50, 10)]
#[case(Tier::Professional, 50, 10)]
#[case(Tier::Enterprise, 280, 56)]
fn principals_have_a_short_burst(#[case] tier: Tier, #[case] burst: usize, #[case] rate: usize) {
    let Fixture { clock, limiter } = fixture();
    let principal = Uuid::from_u128(1);
    assert_eq!(allowed(|| now(limiter.request(principal, tier))), burst);
    assert_eq!(now(limiter.request(principal, tier)).policy, "req");
    clock.advance(Duration::from_secs(1));
    assert_eq!(allowed(|| now(limiter.request(principal, tier))), rate);
    assert!(now(limiter.request(Uuid::from_u128(2), tier)).allowed);
}

#[test]
fn principals_have_the_hour_of_their_tier() {
    let Fixture { clock, limiter } = fixture();
    let principal = Uuid::from_u128(1);
    let mut requests = 0_u64;
    let refused = loop {
        let decision = now(limiter.request(principal, Tier::Free));
        if decision.policy == "hour" && !decision.allowed {
            break decision;
        }
        requests += u64::from(decision.allowed);
        clock.advance(Duration::from_millis(100));
    };
    // 1 000 at once, and what was refilled within the hundred seconds and some that it took to spend them.
    assert!((1_000..1_040).contains(&requests), "{requests}");
    assert_eq!((refused.quota, refused.window_seconds), (1_000, 3_600));
    assert!(refused.retry_after_seconds <= 4);
}

#[test]
fn a_request_refused_by_one_limit_takes_nothing_from_the_other() {
    let Fixture { clock, limiter } = fixture();
    let principal = Uuid::from_u128(1);
    assert_eq!(allowed(|| now(limiter.request(principal, Tier::Free))), 50);
    for _ in 0..10_000 {
        assert!(!now(limiter.request(principal, Tier::Free)).allowed);
    }
    clock.advance(Duration::from_secs(5));
    assert_eq!(allowed(|| now(limiter.request(principal, Tier::Free))), 50);
    let hour = limiter.free.hour.peek(&principal);
    assert_eq!(hour.remaining, 1_000 - 100 + 1, "one was refilled");
}

#[test]
fn an_operation_pays_for_what_it_may_return_and_gets_the_rest_back() {
    let Fixture { clock, limiter } = fixture();
    let tenant = TenantId(Uuid::from_u128(1));
    let cost = |points| now(limiter.cost(tenant, points));
    assert_eq!(cost(1_000).remaining, 1_000);
    assert_eq!(cost(900).remaining, 100);
    let refused = cost(400);
    assert_eq!((refused.policy, refused.allowed), ("cost", false));
    assert_eq!((refused.remaining, refused.retry_after_seconds), (100, 3));
    assert_eq!(cost(-850).remaining, 950);
    assert!(cost(400).allowed);
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(
        cost(-1_000).remaining,
        2_000,
        "never more than a whole bucket"
    );
    assert!(now(limiter.cost(TenantId(Uuid::from_u128(2)), 1_000)).allowed);
    clock.advance(Duration::from_secs(1));
    limiter.sweep();
    assert_eq!(format!("{:?}", limiter.cost).matches("Uuid").count(), 0);
}

#[test]
fn each_of_several_processes_counts_its_share() {
    let Fixture { clock, limiter } = one_of(3, LIMITS);
    let principal = Uuid::from_u128(1);
    let ask = || now(limiter.request(principal, Tier::Free));
    assert_eq!(allowed(ask), 17);
    clock.advance(Duration::from_secs(3));
    assert_eq!(allowed(ask), 10);
    assert_eq!(allowed(|| now(limiter.anonymous(CALLER))), 34);
    assert_eq!(
        limiter.shield(CALLER).quota,
        100,
        "the shield is each process's own"
    );
    let tenant = TenantId(Uuid::from_u128(1));
    let dearest = now(limiter.cost(tenant, 1_000));
    assert!(dearest.allowed, "every operation fits: {dearest:?}");
    clock.advance(Duration::from_secs(30));
    assert!(now(limiter.cost(tenant, 1_000)).allowed);
}

#[test]
fn a_tenant_runs_twenty_requests_at_a_time() {
    let Fixture { limiter, .. } = fixture();
    let (tenant, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
    let mut running: Vec<_> = (0..20).map(|_| limiter.enter(tenant).unwrap()).collect();
    let refused = limiter.enter(tenant).unwrap_err();
    assert_eq!((refused.policy, refused.allowed), ("concurrency", false));
    let elsewhere = limiter.enter(other).unwrap();
    running.pop();
    running.push(limiter.enter(tenant).unwrap());
    assert!(limiter.enter(tenant).is_err());
    drop((running, elsewhere));
    assert_eq!(limiter.floor.tenants(), 0);
}

#[test]
fn a_flood_of_addresses_stays_bounded() {
    let Fixture { limiter, .. } = with(Limits {
        max_keys: 10_000,
        ..LIMITS
    });
    for number in 0..100_000 {
        limiter.shield(address(number));
        assert!(number % 1_000 > 0 || limiter.shield.len() <= 10_000);
    }
    let kept = limiter.shield.len();
    assert!((5_000..=10_000).contains(&kept), "{kept}");
}

#[test]
fn a_flood_does_not_wash_away_who_keeps_asking() {
    let Fixture { limiter, .. } = with(Limits {
        max_keys: 10_000,
        ..LIMITS
    });
    assert_eq!(allowed(|| limiter.shield(CALLER)), 100);
    for number in 0..100_000 {
        limiter.shield(address(number));
        assert!(number % 100 > 0 || !limiter.shield(CALLER).allowed);
    }
}

#[test]
fn a_sweep_forgets_only_who_has_a_whole_allowance() {
    let Fixture { clock, limiter } = fixture();
    for number in 0..1_000 {
        limiter.shield(address(number));
    }
    assert_eq!(allowed(|| limiter.shield(CALLER)), 100);
    clock.advance(Duration::from_secs(1));
    limiter.sweep();
    assert_eq!(limiter.shield.len(), 1);
    assert_eq!(allowed(|| limiter.shield(CALLER)), 20);
}

#[test]
fn headers_say_what_is_left() {
    let Fixture { limiter, .. } = fixture();
    let principal = Uuid::from_u128(1);
    let mut decision = now(limiter.request(principal, Tier::Professional));
    for _ in 1..9 {
        decision = now(limiter.request(principal, Tier::Professional));
    }
    assert_eq!(
        decision.headers(),
        [
            ("ratelimit-policy", "\"req\";q=50;w=5".to_owned()),
            ("ratelimit", "\"req\";r=41;t=1".to_owned()),
        ]
    );
}

#[test]
fn headers_of_a_refusal_say_how_long_to_wait() {
    let Fixture { limiter, .. } = fixture();
    allowed(|| now(limiter.anonymous(CALLER)));
    assert_eq!(
        now(limiter.anonymous(CALLER)).headers(),
        [
            ("ratelimit-policy", "\"anonymous\";q=100;w=3600".to_owned()),
            ("ratelimit", "\"anonymous\";r=0;t=36".to_owned()),
            ("retry-after", "36".to_owned()),
        ]
    );
}

#[test]
fn the_configuration_gives_the_limits() {
    let rates = crate::config::RateLimits {
        shield_per_second: 20,
        shield_burst: 100,
        anonymous_per_hour: 100,
        failed_credentials_per_minute: 10,
        request_burst_per_second: 10,
        request_burst: 50,
        cost_per_second: 100,
        cost_bucket: 2_000,
    };
    assert_eq!(Limits::new(&rates, &policy::Tiers::default()), LIMITS);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn waiting_as_long_as_told_succeeds(
        rate in 1_u32..2_000, burst in 1_u32..200, per_hour in 1_u32..2_000, pause in 0_u64..5_000,
    ) {
        let Fixture { clock, limiter } = with(Limits {
            burst_per_second: rate,
            burst,
            requests_per_hour: TierRates { free: per_hour, ..LIMITS.requests_per_hour },
            ..LIMITS
        });
        let principal = Uuid::from_u128(1);
        let ask = || now(limiter.request(principal, Tier::Free));
        for _ in 0..5 {
            let refused = loop {
                let decision = ask();
                prop_assert!(field::is_well_formed(&decision));
                if !decision.allowed {
                    break decision;
                }
                clock.advance(Duration::from_micros(pause));
            };
            clock.advance(Duration::from_secs(refused.retry_after_seconds));
            prop_assert!(ask().allowed);
        }
    }

    #[test]
    fn waiting_for_points_as_long_as_told_succeeds(
        rate in 1_u32..2_000, bucket in 1_000_u32..5_000, costs in prop::collection::vec(1_i64..1_000, 1..50),
    ) {
        let Fixture { clock, limiter } = with(Limits {
            cost_per_second: rate,
            cost_bucket: bucket,
            ..LIMITS
        });
        let tenant = TenantId(Uuid::from_u128(1));
        for points in costs {
            let decision = now(limiter.cost(tenant, points));
            prop_assert!(field::is_well_formed(&decision), "{:?}", decision);
            if !decision.allowed {
                clock.advance(Duration::from_secs(decision.retry_after_seconds));
                prop_assert!(now(limiter.cost(tenant, points)).allowed);
            }
        }
    }

    #[test]
    fn no_more_than_burst_and_rate_ever_pass(
        rate in 1_u32..1_000, burst in 1_u32..200, pauses in prop::collection::vec(0_u64..200, 1..300),
    ) {
        let Fixture { clock, limiter } = with(Limits {
            shield_per_second: rate,
            shield_burst: burst,
            ..LIMITS
        });
        let (mut passed, mut millis) = (0_u64, 0_u64);
        for pause in pauses {
            passed += u64::from(limiter.shield(CALLER).allowed);
            prop_assert!(passed <= u64::from(burst) + millis * u64::from(rate) / 1_000 + 1);
            clock.advance(Duration::from_millis(pause));
            millis += pause;
        }
    }
}
