using System.Security.Cryptography.X509Certificates;
using Flink.Kubernetes.HA.Diagnostics;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>Keeps what a credential plugin answered until it expires, and runs the plugin again: one run at a time, for all who wait.</summary>
/// <remarks>
/// Shortly before the expiry the plugin runs in the background while the old credential is still handed out, so no heartbeat waits for
/// it. A run that callers wait for is killed when the last of them gives up.
/// </remarks>
internal sealed class ExecCredential(Func<CancellationToken, Task<ExecAnswer>> runPlugin, AuthenticationEnvironment environment) : KubeCredential
{
    /// <summary>How long before the expiry the plugin is run again, at most a fifth of the credential's life.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromSeconds(30);

    /// <summary>The least time between runs that callers ask for: many requests may hear of one 401, and a failing plugin is not to be hammered.</summary>
    public static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(1);

    /// <summary>The least time between runs in the background: some plugins hand out the same credential until it has expired.</summary>
    public static readonly TimeSpan LeastBackgroundInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly TimeProvider _timeProvider = environment.TimeProvider;
    private Held? _held;
    private Failure? _failure;
    private ExecRun? _run;
    private Task _lastRun = Task.CompletedTask;
    private long _lastStart;
    private bool _disposed;

    public override X509Certificate2? ClientCertificate => Volatile.Read(ref _held)?.Answer.ClientCertificate;

    /// <summary>The last run that was started, which may have ended.</summary>
    internal Task LastRun
    {
        get
        {
            lock (_gate)
            {
                return _lastRun;
            }
        }
    }

    public override async ValueTask<string?> GetTokenAsync(bool refresh, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ExecRun run;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_held is { } held && !MustWait(held, refresh))
            {
                RunAheadOfExpiry(held);
                return held.Answer.Token;
            }

            if (_run is null && _failure is { } failure && Elapsed(failure.At) < LeastInterval)
            {
                throw new KubeConfigException(failure.Exception.Message, failure.Exception);
            }

            run = _run ??= StartRun();
            run.Waiting++;
        }

        try
        {
            return (await run.Answer.WaitAsync(cancellationToken).ConfigureAwait(false)).Token;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Only disposal stops a run that someone waits for.
            throw new ObjectDisposedException(nameof(KubeConnection), "The connection was disposed while its credential plugin ran.");
        }
        finally
        {
            Leave(run);
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        ExecRun? run;
        lock (_gate)
        {
            _disposed = true;
            run = _run;
        }

        run?.Stop();
        Volatile.Read(ref _held)?.Answer.ClientCertificate?.Dispose();
    }

    private bool MustWait(Held held, bool refresh)
    {
        var age = Elapsed(held.Since);
        return age >= LeastInterval && (refresh || age >= held.GoodFor);
    }

    private void RunAheadOfExpiry(Held held)
    {
        if (_run is null && Elapsed(held.Since) >= held.RenewAfter && Elapsed(_lastStart) >= LeastBackgroundInterval)
        {
            _run = StartRun();
            _run.Waiting++; // by nobody, who never leaves
        }
    }

    private ExecRun StartRun()
    {
        _lastStart = _timeProvider.GetTimestamp();
        var run = new ExecRun();
        var lastRun = _lastRun;
        run.Start(Task.Run(() => RunAfterAsync(run, lastRun)));
        _lastRun = run.Answer;
        return run;
    }

    private async Task<ExecAnswer> RunAfterAsync(ExecRun run, Task lastRun)
    {
        // A run that is being killed ends first.
        await lastRun.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            var answer = await runPlugin(run.Stopped).ConfigureAwait(false);
            Ended(run, Hold(answer), failure: null);
            return answer;
        }
        catch (Exception e)
        {
            Ended(run, held: null, e is OperationCanceledException ? null : new Failure(e, _timeProvider.GetTimestamp()));
            throw;
        }
    }

    private void Ended(ExecRun run, Held? held, Failure? failure)
    {
        Held? usable;
        lock (_gate)
        {
            if (_run == run)
            {
                _run = null;
            }

            _failure = failure;
            usable = _held;
            if (held is not null)
            {
                Volatile.Write(ref _held, held);
            }
        }

        if (failure is not null && usable is not null)
        {
            Log.PluginFailedWhileHolding(environment.Logger, failure.Exception);
        }
    }

    private void Leave(ExecRun run)
    {
        lock (_gate)
        {
            if (--run.Waiting > 0 || run.Answer.IsCompleted)
            {
                return;
            }

            if (_run == run)
            {
                _run = null;
            }
        }

        run.Stop();
    }

    // The wall clock is read once, here; from then on the monotonic one counts.
    private Held Hold(ExecAnswer answer)
    {
        var since = _timeProvider.GetTimestamp();
        if (answer.Expiration is not { } expiration)
        {
            return new Held(answer, since, TimeSpan.MaxValue, TimeSpan.MaxValue);
        }

        var goodFor = expiration - _timeProvider.GetUtcNow();
        if (goodFor <= TimeSpan.Zero)
        {
            Log.PluginGaveExpired(environment.Logger, expiration);
        }

        return new Held(answer, since, goodFor, goodFor - TimeSpan.FromTicks(Math.Min(Ahead.Ticks, goodFor.Ticks / 5)));
    }

    private TimeSpan Elapsed(long since) => _timeProvider.GetElapsedTime(since);

    private sealed record Failure(Exception Exception, long At);

    private sealed class Held(ExecAnswer answer, long since, TimeSpan goodFor, TimeSpan renewAfter)
    {
        public ExecAnswer Answer => answer;

        public long Since => since;

        public TimeSpan GoodFor => goodFor;

        public TimeSpan RenewAfter => renewAfter;
    }
}
