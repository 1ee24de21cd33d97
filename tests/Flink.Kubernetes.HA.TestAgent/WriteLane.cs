using System.Globalization;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.TestAgent;

/// <summary>Tries some kinds of writes over and over; when leadership is lost, each of them once more.</summary>
/// <remarks>
/// Tells every try: <c>write &lt;component&gt; &lt;token&gt; &lt;kind&gt; &lt;tag&gt; acked|lost|unknown|failed &lt;patches&gt; &lt;begun&gt; &lt;ended&gt; &lt;detail&gt;</c>,
/// the moments by the machine's monotonic clock.
/// </remarks>
internal sealed class WriteLane(LeadershipTerm term)
{
    private readonly List<(string Kind, Func<string, Task<string?>> Write)> _steps = [];

    public WriteLane Step(string kind, Func<string, Task<string?>> write)
    {
        _steps.Add((kind, write));
        return this;
    }

    public WriteLane Step(string kind, Func<string, Task> write) => Step(kind, async tag =>
    {
        await write(tag);
        return null;
    });

    /// <summary>Runs until leadership is lost and all was tried once more, or until the work is to end.</summary>
    public async Task RunAsync()
    {
        for (var number = 1; ; number++)
        {
            var isLast = term.Lost.IsCancellationRequested;
            if (term.Stopping.IsCancellationRequested && term.IsLeading)
            {
                return;
            }

            await RunOnceAsync(number);
            if (isLast)
            {
                return;
            }

            if (!term.IsLeading)
            {
                // By the clock it is lost, and the loss is told any moment.
                await Task.Delay(1, term.Lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public async Task RunOnceAsync(int number)
    {
        foreach (var (kind, write) in _steps)
        {
            await TryAsync(new WriteAttempt(kind, $"t{term.FencingToken.ToString(CultureInfo.InvariantCulture)}-{kind}-{number.ToString(CultureInfo.InvariantCulture)}"), write);
        }
    }

    private async Task TryAsync(WriteAttempt attempt, Func<string, Task<string?>> write)
    {
        WriteAttempt.Current = attempt;
        var begun = TimeProvider.System.GetTimestamp();
        string outcome;
        string? detail;
        try
        {
            detail = await write(attempt.Tag);
            outcome = "acked";
        }
        catch (LeadershipLostException exception)
        {
            (outcome, detail) = ("lost", exception.Reason.ToString());
        }
        catch (Exception exception) when (exception is StateOutcomeUnknownException
            or CleanUpFailedException { InnerException: KubernetesHaException or StateOutcomeUnknownException }

            // A step's read that was under way at a pause has run out of its time limit.
            or KubernetesHaException { Verb: "get" or "list" })
        {
            (outcome, detail) = ("unknown", null);
        }
        catch (InvalidOperationException) when (!term.IsLeading)
        {
            // A step's read has seen what the next leader made of things.
            (outcome, detail) = ("lost", "read what another leader wrote");
        }
        catch (Exception exception)
        {
            (outcome, detail) = ("failed", exception.ToString().ReplaceLineEndings(" "));
        }

        var ended = TimeProvider.System.GetTimestamp();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"write {term.Component} {term.FencingToken} {attempt.Kind} {attempt.Tag} {outcome} {attempt.Sent} {begun} {ended} {detail}"));
    }
}
