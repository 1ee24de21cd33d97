using System.Globalization;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.TestAgent;

/// <summary>
/// Writes, fenced, into the component's own ConfigMap from when to when this process believed that it led: one key a term,
/// <c>term-&lt;token&gt;</c> = name, first and last moment by the machine's monotonic clock, writes.
/// </summary>
internal sealed class TermHistory(string name, IKubeClient client, ObjectKey refusals)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    public async Task WriteAsync(LeadershipTerm term)
    {
        var key = JsonPatchOperation.Path("data", $"term-{term.FencingToken.ToString("D19", CultureInfo.InvariantCulture)}");
        var begin = TimeProvider.System.GetTimestamp();
        for (var writes = 1; ; writes++)
        {
            var stopping = term.Stopping.IsCancellationRequested;
            var now = TimeProvider.System.GetTimestamp();
            if (!term.IsLeading)
            {
                return;
            }

            try
            {
                var entry = string.Create(CultureInfo.InvariantCulture, $"{name} {begin} {now} {writes}");
                await term.Writes.PatchAsync([JsonPatchOperation.Add(key, entry)], term.Lost);
            }
            catch (LeadershipLostException)
            {
                await ReportRefusalAsync(term, now);
                return;
            }
            catch (Exception exception) when (exception is OperationCanceledException or KubeClientException)
            {
                // Lost, or an outage: the term tells which.
            }

            if (stopping)
            {
                return;
            }

            await Task.Delay(Interval, term.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>It believed at that moment that it led, and the API server knew better: the test compares that with the next term's beginning.</summary>
    private async Task ReportRefusalAsync(LeadershipTerm term, long believedAt)
    {
        var entry = new JsonObject { ["data"] = new JsonObject { [$"term-{term.FencingToken}"] = $"{name} {believedAt}" } };
        try
        {
            await client.PatchAsync(KubeResources.ConfigMaps, refusals, KubePatch.Merge(entry));
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
            await client.CreateAsync(KubeResources.ConfigMaps, new ConfigMap
            {
                Metadata = new ObjectMeta { Name = refusals.Name, Namespace = refusals.Namespace },
                Data = new Dictionary<string, string> { [$"term-{term.FencingToken}"] = $"{name} {believedAt}" },
            });
        }
    }
}
