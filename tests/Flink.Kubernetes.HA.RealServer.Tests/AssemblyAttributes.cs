// These tests measure real time on real processes: one that runs beside another would be disturbed.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

// One API server for the whole run.
[assembly: AssemblyFixture(typeof(ApiServerFixture))]
