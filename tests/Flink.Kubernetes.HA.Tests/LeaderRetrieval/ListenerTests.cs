namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>How listeners are called, and how they end.</summary>
public sealed class ListenerTests : RetrievalTests
{
    [Fact]
    public async Task A_slow_listener_is_called_once_at_a_time_and_then_told_the_latest()
    {
        await HasLeaderAsync("http://0");
        var release = new TaskCompletionSource();
        var slow = new RecordingListener { OnLeader = (_, _) => release.Task };
        var quick = new RecordingListener();
        Retrieval.AddListener(slow);
        Retrieval.AddListener(quick);
        (await slow.NextAsync()).Should().Be(Leader("http://0"));
        await quick.NextAsync();
        for (var change = 1; change <= 30; change++)
        {
            await HasLeaderAsync($"http://{change}");
            (await quick.NextAsync()).Should().Be(Leader($"http://{change}"));
        }

        slow.HasHeardNothingMore();
        release.SetResult();

        (await slow.NextAsync()).Should().Be(Leader("http://30"));
        slow.CallsAtOnce.Should().Be(1);
    }

    [Fact]
    public async Task An_exception_of_a_listener_is_told_to_it_and_does_not_stop_it()
    {
        await HasLeaderAsync("http://one");
        var thrown = new FormatException("Scripted.");
        var listener = new RecordingListener { OnLeader = (_, _) => throw thrown };
        Retrieval.AddListener(listener);

        (await listener.NextAsync()).Should().Be(Leader("http://one"));
        (await listener.NextAsync()).Should().BeSameAs(thrown);
        await HasLeaderAsync("http://two");
        (await listener.NextAsync()).Should().Be(Leader("http://two"));
        Logs.Of(403).Should().NotBeEmpty();
    }

    [Fact]
    public async Task After_its_disposal_a_listener_is_not_called_any_more()
    {
        await HasLeaderAsync("http://one");
        var listener = new RecordingListener();
        var registration = Retrieval.AddListener(listener);
        await using var another = Retrieval.AddListener(new RecordingListener());
        await listener.NextAsync();

        await registration.DisposeAsync();
        await registration.DisposeAsync();
        await HasLeaderAsync("http://two");
        await SettleAsync();

        listener.HasHeardNothingMore();
        Retrieval.Current.Should().Be(Leader("http://two"));
    }

    [Fact]
    public async Task Disposal_waits_for_the_call_under_way_whose_token_fires()
    {
        await HasLeaderAsync("http://one");
        var over = false;
        var listener = new RecordingListener
        {
            OnLeader = async (_, cancellationToken) =>
            {
                var canceled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await using var registered = cancellationToken.Register(canceled.SetResult);
                await canceled.Task;
                await Task.Yield();
                over = true;
            },
        };
        var registration = Retrieval.AddListener(listener);
        await listener.NextAsync();

        await registration.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), HaWorld.Token);

        over.Should().BeTrue();
        listener.HasHeardNothingMore();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_listener_can_dispose_its_registration_or_the_service_from_within_a_call(bool service)
    {
        await HasLeaderAsync("http://one");
        IAsyncDisposable? registration = null;
        var registered = new TaskCompletionSource();
        var disposed = new TaskCompletionSource();
        var listener = new RecordingListener
        {
            OnLeader = async (_, _) =>
            {
                await registered.Task;
                await (service ? Retrieval.DisposeAsync() : registration!.DisposeAsync());
                disposed.SetResult();
            },
        };
        registration = Retrieval.AddListener(listener);
        registered.SetResult();

        await disposed.Task.WaitAsync(TimeSpan.FromSeconds(30), HaWorld.Token);
        await HasLeaderAsync("http://two");
        await SettleAsync();

        (await listener.NextAsync()).Should().Be(Leader("http://one"));
        listener.HasHeardNothingMore();
    }

    [Fact]
    public async Task Work_that_a_call_left_behind_waits_when_it_disposes()
    {
        await HasLeaderAsync("http://one");
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
        registration = Retrieval.AddListener(listener);
        await listener.NextAsync();
        await HasLeaderAsync("http://two");
        await listener.NextAsync();
        leaveBehind.SetResult();
        await SettleAsync();

        leftBehind.IsCompleted.Should().BeFalse();
        secondCall.SetResult();
        await leftBehind.WaitAsync(TimeSpan.FromSeconds(30), HaWorld.Token);
    }

    [Fact]
    public async Task Two_listeners_that_dispose_the_service_at_the_same_time_do_not_wait_for_each_other()
    {
        await HasLeaderAsync("http://one");
        using var both = new CountdownEvent(2);
        var done = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        foreach (var task in done)
        {
            Retrieval.AddListener(new RecordingListener
            {
                OnLeader = async (_, _) =>
                {
                    both.Signal();
                    both.Wait(HaWorld.Token);
                    await Retrieval.DisposeAsync();
                    task.SetResult();
                },
            });
        }

        await Task.WhenAll(done.Select(task => task.Task)).WaitAsync(TimeSpan.FromSeconds(30), HaWorld.Token);
    }

    [Fact]
    public async Task A_disposed_service_takes_no_listeners()
    {
        await Retrieval.DisposeAsync();
        await Retrieval.DisposeAsync();

        Invoking(() => Retrieval.AddListener(new RecordingListener())).Should().ThrowExactly<ObjectDisposedException>();
    }

    [Fact]
    public async Task Listeners_end_quietly_when_the_watches_go_first()
    {
        await HasLeaderAsync("http://one");
        var listener = new RecordingListener();
        var registration = Retrieval.AddListener(listener);
        await listener.NextAsync();

        await Follower.Watches.DisposeAsync();

        await registration.DisposeAsync();
        listener.HasHeardNothingMore();
    }
}
