using System.Globalization;
using System.Text.Json;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestAgent;

/// <summary>
/// Writes, fenced, into the component's own ConfigMap from when to when this process believed that it led: one key a term,
/// <c>term-&lt;token&gt;</c> = name, first and last moment by the machine's monotonic clock, writes.
/// </summary>
internal sealed class TermHistory(string name, IHighAvailabilityServices services, string refusals)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    public async Task WriteAsync(LeadershipTerm term)
    {
        var key = PatchOperation.PathOf("data", $"term-{term.FencingToken.ToString("D19", CultureInfo.InvariantCulture)}");
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
                await term.Writes.PatchAsync([PatchOperation.Add(key, entry)], term.Lost);
            }
            catch (LeadershipLostException)
            {
                await ReportRefusalAsync(term, now);
                return;
            }
            catch (Exception exception) when (exception is OperationCanceledException or KubernetesHaException)
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
        var data = new Dictionary<string, string> { [$"term-{term.FencingToken}"] = $"{name} {believedAt}" };
        var configMaps = services.Client.CoreV1;
        try
        {
            var patch = new V1Patch($$"""{"data":{{JsonSerializer.Serialize(data, AgentJsonContext.Default.DictionaryStringString)}}}""", V1Patch.PatchType.MergePatch);
            await configMaps.PatchNamespacedConfigMapAsync(patch, refusals, services.Namespace);
        }
        catch (HttpOperationException exception) when (exception.Response.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            await configMaps.CreateNamespacedConfigMapAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = refusals }, Data = data }, services.Namespace);
        }
    }
}
