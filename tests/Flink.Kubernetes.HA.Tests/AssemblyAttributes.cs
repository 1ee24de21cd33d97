// Simulated time goes on when the process's thread pool has come to rest: a test that runs beside another would be disturbed.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
