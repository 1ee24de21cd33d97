using System.Globalization;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

internal sealed record ListQuery(string? Labels = null, string? Fields = null, int? Limit = null, string? Continue = null)
{
    public override string ToString() => Query.Of(
        ("labelSelector", Labels), ("fieldSelector", Fields), ("limit", Limit?.ToString(CultureInfo.InvariantCulture)), ("continue", Continue));
}

/// <param name="From">The resource version after which events are wanted; without one the watch begins with what exists.</param>
internal sealed record WatchQuery(string? From = null, string? Labels = null, string? Fields = null, int? Seconds = null, bool Bookmarks = true)
{
    public override string ToString() => Query.Of(
        ("watch", "true"),
        ("resourceVersion", From),
        ("labelSelector", Labels),
        ("fieldSelector", Fields),
        ("timeoutSeconds", Seconds?.ToString(CultureInfo.InvariantCulture)),
        ("allowWatchBookmarks", Bookmarks ? "true" : null));
}

internal static class Query
{
    internal static string Of(params IEnumerable<(string Name, string? Value)> parts) =>
        "?" + string.Join('&', parts.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}"));
}
