using Flink.Kubernetes.HA.LeaderRetrieval;

namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>How listeners are called, and how they end.</summary>
public sealed class ListenerTests : RetrievalTestBase
{
    [Fact]
    public async Task A_slow_listener_is_called_once_at_a_time_and_then_told_the_latest()
    {
        await HasLeaderAsync("http://0");
        await using var retrieval = CreateRetrieval();
        var release = new TaskCompletionSource();
        var slow = new RecordingListener { OnLeader = (_, _) => release.Task };
        var quick = new RecordingListener();
        retrieval.AddListener(slow);
        retrieval.AddListener(quick);
        Assert.Equal(Leader("http://0"), await slow.NextAsync());
        await quick.NextAsync();
        for (var change = 1; change <= 30; change++)
        {
            await HasLeaderAsync($"http://{change}");
            Assert.Equal(Leader($"http://{change}"), await quick.NextAsync());
        }

        slow.HasHeardNothingMore();
        release.SetResult();

        Assert.Equal(Leader("http://30"), await slow.NextAsync());
        Assert.Equal(1, slow.CallsAtOnce);
    }

    [Fact]
    public async Task An_exception_of_a_listener_is_told_to_it_and_does_not_stop_it()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var thrown = new FormatException("Scripted.");
        var listener = new RecordingListener { OnLeader = (_, _) => throw thrown };
        retrieval.AddListener(listener);

        Assert.Equal(Leader("http://one"), await listener.NextAsync());
        Assert.Same(thrown, await listener.NextAsync());
        await HasLeaderAsync("http://two");
        Assert.Equal(Leader("http://two"), await listener.NextAsync());
        Assert.NotEmpty(Logs.Of(403));
    }

    [Fact]
    public async Task After_its_disposal_a_listener_is_not_called_any_more()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        var registration = retrieval.AddListener(listener);
        await listener.NextAsync();

        await registration.DisposeAsync();
        await registration.DisposeAsync();
        await HasLeaderAsync("http://two");
        await SettleAsync();

        listener.HasHeardNothingMore();
        Assert.Equal(Leader("http://two"), retrieval.Current);
    }

    [Fact]
    public async Task Disposal_waits_for_the_call_under_way_whose_token_fires()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var over = false;
        var listener = new RecordingListener
        {
            OnLeader = async (_, cancellationToken) =>
            {
                var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await using var registered = cancellationToken.Register(cancelled.SetResult);
                await cancelled.Task;
                await Task.Yield();
                over = true;
            },
        };
        var registration = retrieval.AddListener(listener);
        await listener.NextAsync();

        await registration.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancelled);

        Assert.True(over);
        listener.HasHeardNothingMore();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_listener_can_dispose_its_registration_or_the_service_from_within_a_call(bool service)
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        IAsyncDisposable? registration = null;
        var registered = new TaskCompletionSource();
        var disposed = new TaskCompletionSource();
        var listener = new RecordingListener
        {
            OnLeader = async (_, _) =>
            {
                await registered.Task;
                await (service ? retrieval.DisposeAsync() : registration!.DisposeAsync());
                disposed.SetResult();
            },
        };
        registration = retrieval.AddListener(listener);
        registered.SetResult();

        await disposed.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        await HasLeaderAsync("http://two");
        await SettleAsync();

        Assert.Equal(Leader("http://one"), await listener.NextAsync());
        listener.HasHeardNothingMore();
    }

    [Fact]
    public async Task Work_that_a_call_left_behind_waits_when_it_disposes()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var leaveBehind = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var secondCall = new TaskCompletionSource();
        var leftBehind = Task.CompletedTask;
        IAsyncDisposable? registration = null;
        var calls = 0;
        var listener = new RecordingListener
        {
            OnLeader = async (_, _) =>
            {
                if (++calls == 1)
                {
                    leftBehind = Task.Run(async () =>
                    {
                        await leaveBehind.Task;
                        await registration!.DisposeAsync();
                    }, CancellationToken.None);
                }
                else
                {
                    await secondCall.Task;
                }
            },
        };
        registration = retrieval.AddListener(listener);
        await listener.NextAsync();
        await HasLeaderAsync("http://two");
        await listener.NextAsync();
        leaveBehind.SetResult();
        await SettleAsync();

        Assert.False(leftBehind.IsCompleted);
        secondCall.SetResult();
        await leftBehind.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
    }

    [Fact]
    public async Task Two_listeners_that_dispose_the_service_at_the_same_time_do_not_wait_for_each_other()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        using var both = new CountdownEvent(2);
        var done = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        foreach (var task in done)
        {
            retrieval.AddListener(new RecordingListener
            {
                OnLeader = async (_, _) =>
                {
                    both.Signal();
                    both.Wait(Cancelled);
                    await retrieval.DisposeAsync();
                    task.SetResult();
                },
            });
        }

        await Task.WhenAll(done.Select(task => task.Task)).WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
    }

    [Fact]
    public async Task A_disposed_service_takes_no_listeners()
    {
        var retrieval = CreateRetrieval();
        await retrieval.DisposeAsync();
        await retrieval.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => retrieval.AddListener(new RecordingListener()));
    }

    [Fact]
    public async Task Listeners_end_quietly_when_the_watches_go_first()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        var registration = retrieval.AddListener(listener);
        await listener.NextAsync();

        await Watches.DisposeAsync();

        await registration.DisposeAsync();
        listener.HasHeardNothingMore();
    }
}
