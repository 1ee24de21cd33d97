using System.Globalization;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.TestAgent;

/// <summary>A job whose state is a number: it restores the latest checkpoint, counts on, and adds a checkpoint for each number.</summary>
/// <remarks>Tells <c>restored &lt;token&gt; &lt;id&gt; &lt;count&gt; &lt;key&gt;</c> and <c>acked &lt;token&gt; &lt;id&gt; &lt;count&gt;</c> as soon as it is so.</remarks>
internal sealed class CheckpointWork(LeadershipTerm term, IStateStorage storage)
{
    private static readonly CompletedCheckpointStoreOptions Options = new() { MaximumRetained = 3 };

    public static JobId JobOf(LeadershipTerm term) => JobId.Parse(term.Component.Name.Split('-')[0]);

    public async Task RunAsync()
    {
        try
        {
            var store = await CompletedCheckpointStore<long>.OpenAsync(term, storage, new JsonStateSerializer<long>(AgentJsonContext.Default.Int64), Options, term.Lost);
            var latest = store.Latest;
            Tell($"restored {term.FencingToken} {latest?.Id ?? 0} {latest?.Value ?? 0} {latest?.Handle.State.Key.Value ?? "-"}");
            for (var count = (latest?.Value ?? 0) + 1; !term.Stopping.IsCancellationRequested; count++)
            {
                var added = await store.AddAsync(count, term.Lost);
                Tell($"acked {term.FencingToken} {added.Id} {added.Value}");
            }
        }
        catch (Exception exception) when (exception is LeadershipLostException or StateOutcomeUnknownException || (exception is OperationCanceledException && term.Lost.IsCancellationRequested))
        {
            Tell($"lost {term.FencingToken} {exception.GetType().Name}");
        }
    }

    private static void Tell(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
