using Flink.Kubernetes.HA.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Flink.Kubernetes.HA.Storage.Tests.Testing;

public sealed class FaultInjectingStateStorageTests : IDisposable
{
    private static readonly StateKey Key = new("cluster/a");
    private readonly InMemoryStateStorage _memory = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly FaultInjectingStateStorage _storage;

    public FaultInjectingStateStorageTests() => _storage = new FaultInjectingStateStorage(_memory, _clock);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _storage.Dispose();

    [Fact]
    public async Task A_call_that_fails_has_no_effect_and_the_caller_knows()
    {
        using (_storage.Inject(Fault.Fail(StateStorageFailure.OutOfSpace) with { Verb = "write" }))
        {
            await Failing.AssertAsync(StateStorageFailure.OutOfSpace, () => _storage.WriteAsync(Key, [1], Token), "injected");
        }

        _memory.Keys.Should().BeEmpty();
        await _storage.WriteAsync(Key, [1], Token);
    }

    [Fact]
    public async Task A_lost_request_has_no_effect_and_the_caller_does_not_know()
    {
        _storage.Inject(Fault.LoseRequest());

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => _storage.WriteAsync(Key, [1], Token), "lost", isOutcomeUnknown: true);
        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => _storage.OpenReadAsync(Key, Token), "lost");
        _memory.Keys.Should().BeEmpty();
    }

    [Fact]
    public async Task A_lost_answer_has_its_effect_and_the_caller_does_not_know()
    {
        _storage.Inject(Fault.LoseResponse() with { Times = 2 });

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => _storage.WriteAsync(Key, [1], Token), "lost", isOutcomeUnknown: true);
        _memory.Keys.Should().Equal(Key);
        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => _storage.DeleteAsync(Key, Token), "lost", isOutcomeUnknown: true);
        _memory.Keys.Should().BeEmpty();
    }

    [Fact]
    public async Task A_late_write_lands_after_its_caller_has_failed_and_disposed_its_content()
    {
        _storage.Inject(Fault.DeliverLate(TimeSpan.FromMinutes(1)) with { Times = 1 });
        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => _storage.WriteAsync(Key, [1, 2], Token), "late", isOutcomeUnknown: true);
        _memory.Keys.Should().BeEmpty();

        // The late write runs on the thread that moves the clock, and memory does not wait for anything.
        _clock.Advance(TimeSpan.FromMinutes(1));

        await using var stream = await _storage.OpenReadAsync(Key, Token);
        stream.ReadByte().Should().Be(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_hangs_ends_when_it_is_cancelled(bool afterEffect)
    {
        _storage.Inject(Fault.Hang(afterEffect));
        using var cancel = new CancellationTokenSource();
        var write = _storage.WriteAsync(Key, [1], cancel.Token);
        write.IsCompleted.Should().BeFalse();

        await cancel.CancelAsync();

        await FluentActions.Awaiting(() => write).Should().ThrowAsync<OperationCanceledException>();
        _memory.Keys.Should().HaveCount(afterEffect ? 1 : 0);
    }

    [Fact]
    public async Task A_write_breaks_under_way_and_leaves_nothing()
    {
        _storage.Inject(Fault.BreakWrite(100_000, StateStorageFailure.OutOfSpace));

        await Failing.AssertAsync(StateStorageFailure.OutOfSpace, () => _storage.WriteAsync(Key, new byte[1_000_000], Token), "injected");

        _memory.Keys.Should().BeEmpty();
        await _storage.WriteAsync(Key, new byte[50_000], Token);
    }

    [Fact]
    public async Task Reads_that_are_broken_truncated_or_wrong_never_pass_for_good()
    {
        var state = await _storage.WriteAsync(Key, new byte[1_000_000], Token);

        foreach (var (fault, failure) in new[]
        {
            (Fault.BreakRead(500_000), StateStorageFailure.Unavailable),
            (Fault.TruncateRead(500_000), StateStorageFailure.Corrupt),
            (Fault.TruncateRead(0), StateStorageFailure.Corrupt),
            (Fault.CorruptRead(0), StateStorageFailure.Corrupt),
            (Fault.CorruptRead(999_999), StateStorageFailure.Corrupt),
        })
        {
            using (_storage.Inject(fault))
            {
                (await FluentActions.Awaiting(() => _storage.ReadAllBytesAsync(state, Token)).Should().ThrowAsync<StateStorageException>()).Which.Failure.Should().Be(failure);
            }
        }

        (await _storage.ReadAllBytesAsync(state, Token)).Should().HaveCount(1_000_000);
    }

    [Fact]
    public async Task A_fault_strikes_only_what_it_is_about_and_calls_are_counted()
    {
        _storage.Inject(Fault.Fail(StateStorageFailure.Unavailable) with { Verb = "write", Prefix = "cluster/b", After = 1, Times = 1 });

        await _storage.WriteAsync(Key, [1], Token);
        await _storage.WriteAsync(new StateKey("cluster/b1"), [1], Token);
        await FluentActions.Awaiting(() => _storage.WriteAsync(new StateKey("cluster/b2"), [1], Token)).Should().ThrowAsync<StateStorageException>();
        await _storage.WriteAsync(new StateKey("cluster/b3"), [1], Token);

        (_storage.CountCalls(), _storage.CountCalls("write", "cluster/b"), _storage.CountCalls("delete")).Should().Be((4, 3, 0));
    }

    [Fact]
    public void A_fault_of_requests_is_refused() =>
        FluentActions.Invoking(() => _storage.Inject(Fault.NotConnected())).Should().Throw<ArgumentException>().WithMessage("NotConnected * FaultInjectingHandler*");

    [Fact]
    public void A_resource_or_a_name_is_refused() =>
        FluentActions.Invoking(() => _storage.Inject(Fault.Hang() with { Name = "a" })).Should().Throw<ArgumentException>().WithMessage("Resource and Name *");

    [Fact]
    public async Task Memory_can_be_full_damaged_and_cut_off()
    {
        var memory = new InMemoryStateStorage(capacity: 10);
        var state = await memory.WriteAsync(Key, new byte[8], Token);
        await Failing.AssertAsync(StateStorageFailure.OutOfSpace, () => memory.WriteAsync(new StateKey("b"), new byte[3], Token), "8 of 10 bytes");

        memory.Corrupt(Key, 7);
        await Failing.AssertAsync(StateStorageFailure.Corrupt, () => memory.ReadAllBytesAsync(state, Token), "SHA-256");
        memory.Truncate(Key, 7);
        await Failing.AssertAsync(StateStorageFailure.Corrupt, () => memory.ReadAllBytesAsync(state, Token), "ends after 7 of 8 bytes");
    }
}
