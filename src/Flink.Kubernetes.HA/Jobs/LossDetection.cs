using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Tells a ConfigMap that is empty from one that has lost what it held.</summary>
/// <remarks>
/// A ConfigMap that was deleted is created anew by the next leader, and is empty then. But a store leaves a marker before the first data
/// is written. So where there is data and no marker, pointers were lost.
/// </remarks>
internal static class LossDetection
{
    /// <summary>Checks, and leaves the marker.</summary>
    /// <param name="values">The term's values.</param>
    /// <param name="content">What was read.</param>
    /// <param name="storage">Holds the data.</param>
    /// <param name="prefix">How the keys of the store begin.</param>
    /// <param name="marker">The marker's key.</param>
    /// <param name="value">The marker's value, where there is no data.</param>
    /// <param name="suggest">From all data, the value that a person should set to go on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether the marker was left just now.</returns>
    public static async Task<bool> CheckAsync(
        TermValues values, ConfigMapContent content, IStateStorage storage, string prefix, string marker, string value, Func<IReadOnlyList<StateKey>, string> suggest, CancellationToken cancellationToken)
    {
        if (content.Data.ContainsKey(marker) || content.Data.Keys.Any(key => key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            return false;
        }

        List<StateKey> data = [];
        var folder = StateKey.Of(values.Term.Context.ClusterId, values.Term.Component.Name, prefix + "x").Value[..^1];
        await foreach (var entry in storage.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            data.Add(entry.Key);
        }

        if (data.Count > 0)
        {
            throw new MetadataLostException(values.ConfigMap, marker, suggest(data), data[0], storage.Location);
        }

        try
        {
            await values.ChangeAsync(marker, expected: null, value, cancellationToken).ConfigureAwait(false);
        }
        catch (StateHandleChangedException)
        {
            // Another store of this term has left it.
        }

        return true;
    }
}
