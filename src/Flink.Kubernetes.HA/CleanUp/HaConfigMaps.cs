using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>All HA ConfigMaps of a cluster, by the three labels that each of them has.</summary>
internal static class HaConfigMaps
{
    /// <summary>A ConfigMap may have a megabyte.</summary>
    private const int PageSize = 20;

    private const int MostExpiries = 5;

    public static async Task<IReadOnlyList<T>> ListAsync<T>(IKubeClient client, KubeResource<T> resource, string namespaceName, string clusterId, CancellationToken cancellationToken)
        where T : KubeObject
    {
        for (var expiries = 0; ; expiries++)
        {
            try
            {
                return await ListOnceAsync(client, resource, namespaceName, clusterId, cancellationToken).ConfigureAwait(false);
            }
            catch (KubeClientException exception) when (exception.Failure == KubeFailure.Gone && expiries < MostExpiries)
            {
                // The list took longer than the API server keeps its place: half of one is worth nothing, so from the beginning.
            }
        }
    }

    /// <summary>The component that a ConfigMap is of, or <see langword="null"/> where its name is not one of this cluster.</summary>
    public static string? ComponentOf(string clusterId, string name)
    {
        const string End = "-leader";
        return name.StartsWith(clusterId + "-", StringComparison.Ordinal) && name.EndsWith(End, StringComparison.Ordinal) && name.Length > clusterId.Length + 1 + End.Length
            ? name[(clusterId.Length + 1)..^End.Length]
            : null;
    }

    private static async Task<IReadOnlyList<T>> ListOnceAsync<T>(IKubeClient client, KubeResource<T> resource, string namespaceName, string clusterId, CancellationToken cancellationToken)
        where T : KubeObject
    {
        var selector = string.Join(',', HaNames.Labels(clusterId).Select(label => $"{label.Key}={label.Value}"));
        List<T> items = [];
        string? next = null;
        do
        {
            var page = await client.ListAsync(resource, namespaceName, new ListOptions { LabelSelector = selector, Limit = PageSize, Continue = next }, cancellationToken).ConfigureAwait(false);
            items.AddRange(page.Items);
            next = string.IsNullOrEmpty(page.Continue) ? null : page.Continue;
        }
        while (next is not null);
        return items;
    }
}
