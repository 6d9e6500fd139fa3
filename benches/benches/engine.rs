//! Our engine alone, under criterion: for comparing one change with the next.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use llm_policy_benches::peers::ours;
use llm_policy_benches::request::JSON;
use llm_policy_benches::workload::{Shape, Workload};

/// Shape, rules and matches of the sets that the targets speak of.
const SETS: [(usize, usize); 3] = [(100, 1), (100, 10), (10_000, 1)];

fn evaluate(criterion: &mut Criterion) {
    for shape in Shape::SETS {
        for (rules, matches) in SETS {
            let plan = (ours::ENTRANT.plan)(&Workload::new(shape, rules, matches));
            let mut engine = (plan.load)().expect("the rules load");
            engine.prepare(JSON.as_bytes()).expect("the request is valid");
            let name = format!("{}/{rules}/{matches}", shape.name());
            let mut group = criterion.benchmark_group("evaluate");
            group.bench_function(BenchmarkId::new("prepared", &name), |bencher| {
                bencher.iter(|| engine.evaluate_prepared());
            });
            group.bench_function(BenchmarkId::new("json", &name), |bencher| {
                bencher.iter(|| engine.evaluate_json(black_box(JSON.as_bytes())));
            });
        }
    }
}

fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    for shape in Shape::SETS {
        let plan = (ours::ENTRANT.plan)(&Workload::new(shape, 1000, 1));
        group.bench_function(BenchmarkId::new(shape.name(), 1000), |bencher| {
            bencher.iter(|| (plan.load)().map(drop).expect("the rules load"));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    targets = evaluate, load
}
criterion_main!(benches);
