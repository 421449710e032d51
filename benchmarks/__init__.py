"""The benchmarks: each compares two things measured in the same run. `tipoff bench` runs them."""
