using System.Globalization;
using Flink.Kubernetes.HA.Testing.ApiServer;
using Microsoft.AspNetCore.Http;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>Reads what lists and watches ask for.</summary>
internal static class RestQuery
{
    public static ListRequest List(IQueryCollection query) =>
        new(query["labelSelector"], query["fieldSelector"], Number(query, "limit"), query["continue"], query["resourceVersion"]);

    public static WatchRequest Watch(IQueryCollection query) => new(
        query["labelSelector"],
        query["fieldSelector"],
        query["resourceVersion"],
        Number(query, "timeoutSeconds") is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null,
        query["allowWatchBookmarks"].ToString() is "true" or "1");

    private static int? Number(IQueryCollection query, string name)
    {
        var text = query[name].ToString();
        return text.Length == 0 ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw ApiError.BadRequest($"{name}: \"{text}\" is not a number");
    }
}
