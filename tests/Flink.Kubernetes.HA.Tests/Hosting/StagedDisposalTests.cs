using Flink.Kubernetes.HA.Hosting;

namespace Flink.Kubernetes.HA.Tests.Hosting;

public sealed class StagedDisposalTests
{
    private readonly ConcurrentQueue<string> _ended = new();

    [Fact]
    public async Task A_stage_waits_for_the_whole_stage_before()
    {
        var first = new Part("first", _ended);
        var second = new Part("second", _ended);
        var third = new Part("third", _ended);

        var disposal = StagedDisposal.DisposeAsync([first, second], [third]);

        first.WasAsked.Should().BeTrue();
        second.WasAsked.Should().BeTrue();
        second.End();
        third.WasAsked.Should().BeFalse();
        first.End();
        third.End();
        await disposal;
        _ended.Should().Equal("second", "first", "third");
    }

    [Fact]
    public async Task A_failure_is_thrown_as_it_is_after_the_rest_was_closed()
    {
        var failing = new Part("failing", _ended);
        var rest = new Part("rest", _ended);
        rest.End();
        failing.Fail(new TimeoutException("slow"));

        var exception = (await Awaiting(() => StagedDisposal.DisposeAsync([failing], [rest])).Should().ThrowExactlyAsync<TimeoutException>()).Which;

        exception.Message.Should().Be("slow");
        _ended.Should().Equal("rest");
    }

    [Fact]
    public async Task Several_failures_are_thrown_together_in_their_order()
    {
        var exception = (await Awaiting(() => StagedDisposal.DisposeAsync([new Throwing("one")], [], [new Throwing("two")]))
            .Should().ThrowExactlyAsync<AggregateException>()).Which;

        exception.InnerExceptions.Select(inner => inner.Message).Should().Equal("one", "two");
    }

    private sealed class Throwing(string message) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => throw new InvalidOperationException(message);
    }

    private sealed class Part(string name, ConcurrentQueue<string> ended) : IAsyncDisposable
    {
        // Continuations run inline here, so that the test sees at once what an end brings about.
        private readonly TaskCompletionSource _end = new();

        public bool WasAsked { get; private set; }

        public void End() => _end.SetResult();

        public void Fail(Exception exception) => _end.SetException(exception);

        public async ValueTask DisposeAsync()
        {
            WasAsked = true;
            await _end.Task;
            ended.Enqueue(name);
        }
    }
}
