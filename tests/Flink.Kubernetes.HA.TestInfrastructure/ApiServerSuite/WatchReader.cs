using System.Net;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>One event of a watch.</summary>
internal sealed record ServerEvent(string Type, JsonObject Json)
{
    /// <summary>The object as the model of the official client; of other kinds only the metadata are meant.</summary>
    internal V1ConfigMap Object { get; } = KubernetesJson.Deserialize<V1ConfigMap>(Json.ToJsonString());

    internal string Name => Object.Metadata.Name;

    internal string Version => Object.Metadata.ResourceVersion;
}

/// <summary>Reads the events of one watch one by one.</summary>
internal sealed class WatchReader(HttpResponseMessage response, StreamReader lines, CancellationToken cancellationToken) : IDisposable
{
    /// <summary>The next event, or <see langword="null"/> when the watch has ended.</summary>
    internal async Task<ServerEvent?> NextOrEndAsync(bool alsoBookmarks = false)
    {
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            var json = JsonNode.Parse(line)!;
            var (type, item) = (json.Text("type")!, json["object"]!.AsObject());
            if (type == "ERROR")
            {
                throw new ApiServerRefusal((HttpStatusCode)item["code"]!.GetValue<int>(), item.ToJsonString());
            }

            if (alsoBookmarks || type != "BOOKMARK")
            {
                return new ServerEvent(type, item);
            }
        }

        return null;
    }

    internal async Task<ServerEvent> NextAsync() =>
        await NextOrEndAsync() ?? throw new InvalidOperationException("The watch ended before an event that must come.");

    internal async Task<ServerEvent> NextAsync(string type, string name)
    {
        var next = await NextAsync();
        $"{next.Type} {next.Name}".Should().Be($"{type} {name}", "this is the next event");
        next.Version.Should().NotBeNullOrEmpty();
        return next;
    }

    internal async Task<IReadOnlyList<ServerEvent>> TakeAsync(int count)
    {
        var taken = new List<ServerEvent>(count);
        while (taken.Count < count)
        {
            taken.Add(await NextAsync());
        }

        return taken;
    }

    public void Dispose()
    {
        response.Dispose();
        lines.Dispose();
    }
}
