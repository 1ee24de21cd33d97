using System.Buffers;
using System.Text;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The right to lead a component, from winning the lock until it is lost or given up.</summary>
/// <remarks>
/// <para>Dispose it when the work has ended: that gives the lock up, and another process leads at once. The lock is kept as long
/// as the term is not disposed, so no one else leads while the work is still stopping.</para>
/// <para>All members are safe to be used from several threads at once.</para>
/// </remarks>
public sealed class LeadershipTerm : IAsyncDisposable
{
    private const int MaximumAddressLength = 4096;

    private readonly ElectionContext _context;
    private readonly LeaseKeeper _keeper;
    private readonly CancellationTokenRegistration _contending;
    private readonly Lazy<Task> _disposal;

    internal LeadershipTerm(ElectionContext context, WonLock won, LeaseKeeper keeper, CancellationToken contending)
    {
        _context = context;
        _keeper = keeper;
        Component = context.Component;
        Identity = context.Identity;
        SessionId = won.Term.SessionId;
        FencingToken = won.Term.FencingToken;
        Lost = keeper.Lost;
        Stopping = keeper.Stopping;
        _contending = contending.UnsafeRegister(_ => keeper.FireStopping(), null);
        _disposal = new Lazy<Task>(EndAsync);
    }

    /// <summary>The component that is led.</summary>
    public LeaderComponent Component { get; }

    /// <summary>The identity that stands in the lock.</summary>
    public string Identity { get; }

    /// <summary>The id of this term: no other term of any process has it (Flink's leader session id).</summary>
    public Guid SessionId { get; }

    /// <summary>The fencing token: larger than that of every earlier term of the component, also when the ConfigMap was deleted between.</summary>
    /// <remarks>Send it with what you write to systems outside, and let them refuse a smaller one than they have seen.</remarks>
    public long FencingToken { get; }

    /// <summary>Fires when leadership is lost, before another process can lead: stop at once. Fires on disposal too.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Fires when the work should end: leadership is lost, or contending was cancelled and the lock is still held.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Whether this process leads now, by the clock: <see langword="false"/> also when a pause of the process has kept <see cref="Lost"/> from firing.</summary>
    public bool IsLeading => _keeper.IsHeld;

    /// <summary>Why the term has ended, or <see langword="null"/> while it has not.</summary>
    public LeadershipLossReason? LossReason => _keeper.Loss?.Reason;

    internal LeaseKeeper Keeper => _keeper;

    internal ElectionContext Context => _context;

    /// <summary>Writes to the ConfigMap that take effect only while this term holds the lock.</summary>
    internal FencedWrites Writes => new(_context, this);

    /// <summary>Publishes where the leader is reached; those who retrieve the leader hear of it at once.</summary>
    /// <remarks>Retried until it is written or the term is lost. A later call replaces the address.</remarks>
    /// <param name="address">Anything that followers understand, such as a URL: up to 4096 characters, no control characters.</param>
    /// <param name="cancellationToken">Ends waiting; the address may be published all the same.</param>
    /// <exception cref="ArgumentException">The address is empty, too long, or holds control characters.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost or given up before the address was known to be written.</exception>
    public Task PublishAddressAsync(string address, CancellationToken cancellationToken = default)
    {
        CheckAddress(address);
        return _keeper.PublishAddressAsync(address, cancellationToken);
    }

    /// <summary>Ends the term: fires <see cref="Lost"/> and gives the lock up, if it is still held. Safe to call more than once.</summary>
    public ValueTask DisposeAsync() => new(_disposal.Value);

    internal static void CheckAddress(string address)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        if (address.Length > MaximumAddressLength || address.Any(char.IsControl) || !IsWritable(address))
        {
            throw new ArgumentException(
                $"The address has {address.Length} characters: at most {MaximumAddressLength} are allowed, no control characters and no half of a surrogate pair.", nameof(address));
        }
    }

    /// <summary>Half of a surrogate pair would be read back as another character, and the address as one that someone else has written.</summary>
    private static bool IsWritable(ReadOnlySpan<char> address)
    {
        while (Rune.DecodeFromUtf16(address, out _, out var consumed) == OperationStatus.Done)
        {
            address = address[consumed..];
        }

        return address.IsEmpty;
    }

    private async Task EndAsync()
    {
        await _keeper.DisposeAsync().ConfigureAwait(false);
        await _contending.DisposeAsync().ConfigureAwait(false);
    }
}
