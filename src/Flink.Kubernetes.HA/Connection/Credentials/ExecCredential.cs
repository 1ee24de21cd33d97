using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Net.Security;

namespace Flink.Kubernetes.HA.Connection.Credentials;

/// <summary>Keeps what a credential plugin answered until it expires, and runs the plugin again: one run at a time, for all who wait.</summary>
/// <remarks>
/// Shortly before the expiry the plugin runs in the background while the old credential is still handed out, so no heartbeat waits for
/// it. A run that callers wait for is killed when the last of them was canceled.
/// </remarks>
internal sealed class ExecCredential(Func<CancellationToken, Task<ExecAnswer>> runPlugin, ConnectionEnvironment environment) : Credential
{
    /// <summary>How long before the expiry the plugin is run again, at most a fifth of the credential's life.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromSeconds(30);

    /// <summary>The least time between runs that callers ask for: many requests may hear of one 401, and a plugin may go on failing.</summary>
    public static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(1);

    /// <summary>The least time between runs in the background: some plugins hand out the same credential until it has expired.</summary>
    public static readonly TimeSpan LeastBackgroundInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly TimeProvider _timeProvider = environment.TimeProvider;
    private Held? _held;
    private Failure? _failure;
    private Run? _run;
    private Task _lastRun = Task.CompletedTask;
    private long _lastStart;
    private bool _disposed;

    public override SslStreamCertificateContext? ClientCertificate => Volatile.Read(ref _held)?.Answer.ClientCertificate;

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

    public override async ValueTask<AuthenticationHeaderValue?> GetAsync(bool refresh, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Run run;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(k8s.Kubernetes));
            if (_held is { } held && !MustWait(held, refresh))
            {
                RunAheadOfExpiry(held);
                return Header(held.Answer);
            }

            if (_run is null && _failure is { } failure && Elapsed(failure.At) < LeastInterval)
            {
                throw ConfigurationError.Create(failure.Exception.Message, failure.Exception);
            }

            run = _run ??= StartRun();
            run.Waiting++;
        }

        try
        {
            return Header(await run.Answer.WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Only disposal stops a run that someone waits for.
            throw new ObjectDisposedException(nameof(k8s.Kubernetes), "The client was disposed while its credential plugin ran.");
        }
        finally
        {
            Leave(run);
        }
    }

    protected override void Dispose(bool disposing)
    {
        Run? run;
        lock (_gate)
        {
            _disposed = true;
            run = _run;
        }

        run?.Stop();
        base.Dispose(disposing);
    }

    private static AuthenticationHeaderValue? Header(ExecAnswer answer) => answer.Token is null ? null : new("Bearer", answer.Token);

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

    private Run StartRun()
    {
        _lastStart = _timeProvider.GetTimestamp();
        var run = new Run();
        var lastRun = _lastRun;
        run.Start(Task.Run(() => RunAfterAsync(run, lastRun)));
        _lastRun = run.Answer;
        return run;
    }

    private async Task<ExecAnswer> RunAfterAsync(Run run, Task lastRun)
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

    private void Ended(Run run, Held? held, Failure? failure)
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
            ConnectionLog.PluginFailedWhileHolding(environment.Logger, failure.Exception);
        }
    }

    private void Leave(Run run)
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
            ConnectionLog.PluginGaveExpired(environment.Logger, expiration);
        }

        return new Held(answer, since, goodFor, goodFor - TimeSpan.FromTicks(Math.Min(Ahead.Ticks, goodFor.Ticks / 5)));
    }

    private TimeSpan Elapsed(long since) => _timeProvider.GetElapsedTime(since);

    private sealed record Failure(Exception Exception, long At);

    private sealed record Held(ExecAnswer Answer, long Since, TimeSpan GoodFor, TimeSpan RenewAfter);

    /// <summary>One run of the plugin and how many callers wait for it.</summary>
    [SuppressMessage("Design", "CA1001", Justification = "A token source without a timer holds nothing that must be disposed.")]
    private sealed class Run
    {
        private readonly CancellationTokenSource _stop = new();

        public CancellationToken Stopped => _stop.Token;

        public Task<ExecAnswer> Answer { get; private set; } = null!;

        /// <summary>Guarded by the credential's lock.</summary>
        public int Waiting { get; set; }

        public void Start(Task<ExecAnswer> answer)
        {
            Answer = answer;

            // With nobody waiting a failure is logged, and otherwise unobserved.
            _ = answer.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        public void Stop() => _ = _stop.CancelAsync();
    }
}
