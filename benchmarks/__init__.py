"""What `make bench` measures; every module `bench_*.py` gives one chapter of docs/benchmarks.md."""
