//! What one entry of ordinary size costs: writing, hashing, checking, reading, verifying.
#![expect(clippy::unwrap_used, reason = "a panic is the failure of a bench")]

use std::collections::BTreeMap;
use std::hint::black_box;

use audit::chain::{Head, LogIdentity, Stored, Verifier, verify_chunk};
use audit::entry::{Actor, ActorKind, Draft, Entry, EntryRef, Outcome, Req, Sealed, Target, Time};
use audit::value::Value;
use audit::{canon, hash};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const TENANT: &str = "0190a000-0000-7000-8000-00000000000a";

fn draft(number: u32, action: &str) -> Draft {
    Draft {
        tenant: TENANT.to_owned(),
        id: format!("0190a000-0000-7000-8000-0000{number:08x}"),
        at: Time::from_micros(1_750_000_000_000_000).unwrap(),
        action: action.to_owned(),
        outcome: Outcome::Success,
        actor: Actor {
            kind: ActorKind::ApiKey,
            id: TENANT.to_owned(),
        },
        targets: vec![Target {
            kind: "file".to_owned(),
            id: TENANT.to_owned(),
        }],
        req: Req {
            id: TENANT.to_owned(),
            trace: String::new(),
        },
        sd: BTreeMap::from([("actor.ip".to_owned(), "A".repeat(43))]),
        meta: BTreeMap::from([("byte_len".to_owned(), Value::Integer(1_048_576))]),
        trim: None,
    }
}

fn log(len: u32) -> (Vec<Sealed>, Head) {
    let mut head = Head::empty();
    let action = |number| {
        if number == 0 {
            "audit.genesis"
        } else {
            "file.create"
        }
    };
    let sealed = (0..len)
        .map(|number| {
            head.append(&draft(number, action(number)), Time::EPOCH)
                .unwrap()
        })
        .collect();
    (sealed, head)
}

fn one_entry(c: &mut Criterion) {
    let (log, head) = log(2);
    let raw = log[1].raw.clone();
    let value = canon::parse(&raw).unwrap();
    let next = draft(2, "file.create");
    let mut group = c.benchmark_group(format!("entry of {} bytes", raw.len()));
    group.throughput(Throughput::Elements(1));
    group.bench_function("leaf hash", |b| b.iter(|| hash::leaf(black_box(&raw))));
    group.bench_function("canonical check", |b| {
        b.iter(|| canon::check(black_box(&raw)))
    });
    group.bench_function("canonical parse", |b| {
        b.iter(|| canon::parse(black_box(&raw)))
    });
    group.bench_function("canonical write", |b| {
        b.iter(|| canon::write(black_box(&value)))
    });
    group.bench_function("borrowed read", |b| {
        b.iter(|| EntryRef::parse(black_box(&raw)))
    });
    group.bench_function("owned read", |b| b.iter(|| Entry::parse(black_box(&raw))));
    group.bench_function("validate", |b| b.iter(|| black_box(&next).validate()));
    group.bench_function("append", |b| {
        b.iter(|| head.clone().append(black_box(&next), Time::EPOCH))
    });
    group.finish();
}

fn one_log(c: &mut Criterion) {
    let (log, head) = log(16_384);
    let rows: Vec<Stored<'_>> = (0..)
        .zip(&log)
        .map(|(seq, sealed)| Stored {
            seq,
            raw: &sealed.raw,
            leaf: &sealed.leaf.0,
            projection: None,
            disclosures: None,
        })
        .collect();
    let mut group = c.benchmark_group("log of 16384 entries");
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.sample_size(20);
    group.bench_function("verify", |b| {
        b.iter(|| {
            let mut verifier = Verifier::new();
            for rows in rows.chunks(4096) {
                verifier.join(verify_chunk(rows, &LogIdentity { tenant: TENANT }));
            }
            let report = verifier.finish(&head);
            assert_eq!(report.first, None);
            report
        });
    });
    group.bench_function("leaf hashes alone, one thread", |b| {
        b.iter(|| {
            log.iter()
                .map(|sealed| hash::leaf(&sealed.raw).0[0])
                .fold(0, |a, b| a ^ b)
        });
    });
    group.finish();
}

criterion_group!(benches, one_entry, one_log);
criterion_main!(benches);
