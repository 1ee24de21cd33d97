namespace Flink.Kubernetes.HA.Tests.Hosting;

/// <summary>Callers that block on the library, as a window's event handler or old server code does.</summary>
public sealed class BlockingCallerTests
{
    [Fact]
    public async Task A_caller_that_blocks_on_a_single_threaded_context_does_not_deadlock()
    {
        using var server = new InMemoryApiServer();
        using var client = server.CreateClient();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            SynchronizationContext.SetSynchronizationContext(new BlockedContext());
            try
            {
                Block(client);
                ended.SetResult();
            }
            catch (Exception exception)
            {
                ended.SetException(exception);
            }
        });
        thread.IsBackground = true;
        thread.Start();

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(60), HaWorld.Token);
    }

    private static void Block(k8s.Kubernetes client)
    {
        var job = JobId.NewRandom();
        var options = new KubernetesHaOptions { ClusterId = "orders", Namespace = "team" };
        var services = new KubernetesHaServices(options, client, storage: new InMemoryStateStorage());
        var leaders = services.GetLeaderRetrieval(LeaderComponent.Dispatcher).WatchAsync(HaWorld.Token).GetAsyncEnumerator(HaWorld.Token);
        Wait(leaders.MoveNextAsync()).Should().BeTrue();
        leaders.Current.Should().BeNull();

        var terms = services.GetLeaderElection(LeaderComponent.Dispatcher).ContendAsync(HaWorld.Token).GetAsyncEnumerator(HaWorld.Token);
        Wait(terms.MoveNextAsync()).Should().BeTrue();
        terms.Current.PublishAddressAsync("http://leader", HaWorld.Token).GetAwaiter().GetResult();
        // A leader that has not published its address yet is a leader too: the follower may see that state first.
        do
        {
            Wait(leaders.MoveNextAsync()).Should().BeTrue();
        }
        while (leaders.Current is not { Address: not null });
        leaders.Current.Address.Should().Be("http://leader");

        var graphs = services.OpenJobRegistryAsync(terms.Current, TextSerializer.Instance, cancellationToken: HaWorld.Token).GetAwaiter().GetResult();
        graphs.PutAsync(job, "graph", HaWorld.Token).GetAwaiter().GetResult();
        services.ReadJobs(TextSerializer.Instance).GetAsync(job, HaWorld.Token).GetAwaiter().GetResult().Should().Be("graph");
        services.CreateSweep().FindAsync(HaWorld.Token).GetAwaiter().GetResult();

        Wait(leaders.DisposeAsync());
        Wait(terms.DisposeAsync());
        Wait(services.DisposeAsync());
    }

    private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    private static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    /// <summary>The context of a thread that blocks: what is posted to it never runs.</summary>
    private sealed class BlockedContext : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }
}
