using System.Globalization;
using Flink.Kubernetes.HA.Testing.ApiServer;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>What a request asks for after the question mark.</summary>
internal sealed class RestQuery(string query)
{
    private readonly Dictionary<string, StringValues> _values = QueryHelpers.ParseQuery(query);

    public bool IsWatch => IsTrue("watch");

    /// <summary>The one name that is asked for; <see langword="null"/> when others can match too.</summary>
    public string? SelectedName => FieldSelector.NameIn(Text("fieldSelector"));

    public ListRequest ToList() => new(
        Text("labelSelector"),
        Text("fieldSelector"),
        Number("limit"),
        Text("continue"),
        Text("resourceVersion"),
        Text("resourceVersionMatch") == "Exact");

    public WatchRequest ToWatch() => new(
        Text("labelSelector"),
        Text("fieldSelector"),
        Text("resourceVersion"),
        Number("timeoutSeconds") is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null,
        IsTrue("allowWatchBookmarks"));

    private bool IsTrue(string name) => Text(name) is "true" or "1";

    private string? Text(string name) => _values.TryGetValue(name, out var value) ? value.ToString() : null;

    private int? Number(string name)
    {
        var text = Text(name);
        return string.IsNullOrEmpty(text) ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw ApiError.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }
}
