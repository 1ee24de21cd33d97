using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Storage.Tests.Testing;

public sealed class FaultInjectingStateStorageTests : IDisposable
{
    private static readonly StateKey Key = new("cluster/a");
    private readonly InMemoryStateStorage _memory = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly FaultInjectingStateStorage _storage;

    public FaultInjectingStateStorageTests() => _storage = new FaultInjectingStateStorage(_memory, _clock);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _storage.Dispose();

    [Fact]
    public async Task A_call_that_fails_has_no_effect_and_the_caller_knows()
    {
        using (_storage.Inject(StorageFaultRule.Fail(StateStorageFailure.OutOfSpace) with { Verb = "write" }))
        {
            await Failing.AssertAsync(StateStorageFailure.OutOfSpace, () => _storage.WriteAsync(Key, [1], Token), "injected");
        }

        Assert.Empty(_memory.Keys);
        await _storage.WriteAsync(Key, [1], Token);
    }

    [Fact]
    public async Task A_lost_request_has_no_effect_and_the_caller_does_not_know()
    {
        _storage.Inject(StorageFaultRule.LoseRequest());

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => _storage.WriteAsync(Key, [1], Token), "lost", isOutcomeUnknown: true);
        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => _storage.OpenReadAsync(Key, Token), "lost");
        Assert.Empty(_memory.Keys);
    }

    [Fact]
    public async Task A_lost_answer_has_its_effect_and_the_caller_does_not_know()
    {
        _storage.Inject(StorageFaultRule.LoseResponse() with { Times = 2 });

        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => _storage.WriteAsync(Key, [1], Token), "lost", isOutcomeUnknown: true);
        Assert.Equal([Key], _memory.Keys);
        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => _storage.DeleteAsync(Key, Token), "lost", isOutcomeUnknown: true);
        Assert.Empty(_memory.Keys);
    }

    [Fact]
    public async Task A_late_write_lands_after_the_caller_has_given_up_and_disposed_its_content()
    {
        _storage.Inject(StorageFaultRule.DeliverLate(TimeSpan.FromMinutes(1)) with { Times = 1 });
        await Failing.AssertAsync(StateStorageFailure.Unavailable, () => _storage.WriteAsync(Key, [1, 2], Token), "late", isOutcomeUnknown: true);
        Assert.Empty(_memory.Keys);

        _clock.Advance(TimeSpan.FromMinutes(1));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (_memory.Keys.Count == 0)
        {
            await tick.WaitForNextTickAsync(Token);
        }

        await using var stream = await _storage.OpenReadAsync(Key, Token);
        Assert.Equal(1, stream.ReadByte());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_hangs_ends_when_it_is_cancelled(bool afterEffect)
    {
        _storage.Inject(StorageFaultRule.Hang(afterEffect));
        using var cancel = new CancellationTokenSource();
        var write = _storage.WriteAsync(Key, [1], cancel.Token);
        Assert.False(write.IsCompleted);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        Assert.Equal(afterEffect ? 1 : 0, _memory.Keys.Count);
    }

    [Fact]
    public async Task A_write_breaks_under_way_and_leaves_nothing()
    {
        _storage.Inject(StorageFaultRule.BreakWrite(100_000, StateStorageFailure.OutOfSpace));

        await Failing.AssertAsync(StateStorageFailure.OutOfSpace, () => _storage.WriteAsync(Key, new byte[1_000_000], Token), "injected");

        Assert.Empty(_memory.Keys);
        await _storage.WriteAsync(Key, new byte[50_000], Token);
    }

    [Fact]
    public async Task Reads_that_are_broken_truncated_or_wrong_never_pass_for_good()
    {
        var state = await _storage.WriteAsync(Key, new byte[1_000_000], Token);

        foreach (var (rule, failure) in new[]
        {
            (StorageFaultRule.BreakRead(500_000), StateStorageFailure.Unavailable),
            (StorageFaultRule.TruncateRead(500_000), StateStorageFailure.Corrupt),
            (StorageFaultRule.TruncateRead(0), StateStorageFailure.Corrupt),
            (StorageFaultRule.CorruptRead(0), StateStorageFailure.Corrupt),
            (StorageFaultRule.CorruptRead(999_999), StateStorageFailure.Corrupt),
        })
        {
            using (_storage.Inject(rule))
            {
                Assert.Equal(failure, (await Assert.ThrowsAsync<StateStorageException>(() => _storage.ReadAllBytesAsync(state, Token))).Failure);
            }
        }

        Assert.Equal(1_000_000, (await _storage.ReadAllBytesAsync(state, Token)).Length);
    }

    [Fact]
    public async Task A_rule_strikes_only_what_it_is_about_and_calls_are_counted()
    {
        _storage.Inject(StorageFaultRule.Fail() with { Verb = "write", Prefix = "cluster/b", After = 1, Times = 1 });

        await _storage.WriteAsync(Key, [1], Token);
        await _storage.WriteAsync(new StateKey("cluster/b1"), [1], Token);
        await Assert.ThrowsAsync<StateStorageException>(() => _storage.WriteAsync(new StateKey("cluster/b2"), [1], Token));
        await _storage.WriteAsync(new StateKey("cluster/b3"), [1], Token);

        Assert.Equal((4, 3, 0), (_storage.CountCalls(), _storage.CountCalls("write", "cluster/b"), _storage.CountCalls("delete")));
    }

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
