using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text;
using Flink.Kubernetes.HA.Diagnostics;
using k8s.Models;
using k8s;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>The raw watch: one connection, read line by line.</summary>
/// <remarks>
/// The stream is read from the client's <see cref="HttpClient"/> and not by the official Watcher, which leaks reads when it is canceled, continues
/// after an ERROR event, and does not return before the first line.
/// </remarks>
internal sealed partial class ConfigMapRequests
{
    // A ConfigMap has at most 1 MiB of data, which JSON escapes can make six times as long.
    private const int MaximumLineLength = 16 << 20;

    // An idle watch holds no buffer: one is rented when there is something to read.
    private static readonly StreamPipeReaderOptions PipeOptions = new(bufferSize: 16 << 10, useZeroByteReads: true);

    /// <summary>Opens one watch connection and yields its events until the server ends it.</summary>
    /// <exception cref="KubernetesHaException">The server refused the watch or sent an ERROR event (such as
    /// <see cref="KubernetesFailure.Gone"/>), or the connection was broken.</exception>
    public async IAsyncEnumerable<ConfigMapEvent> WatchAsync(
        string namespaceName,
        ConfigMapSelection selection,
        string resourceVersion,
        TimeSpan serverTimeout,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.ThrowIfInvalid(namespaceName, "namespace");
        var request = selection.Resource.Request("watch", namespaceName);
        var uri = WatchUri(namespaceName, selection, resourceVersion, serverTimeout);
        using var response = await OpenAsync(request, uri, selection.IsMetadataOnly, cancellationToken).ConfigureAwait(false);
        var pipe = PipeReader.Create(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), PipeOptions);
        try
        {
            ConfigMap? last = null;
            var scanned = 0L;
            while (true)
            {
                ReadResult read;
                try
                {
                    read = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception)
                {
                    throw Classify(request, exception, limit: CancellationToken.None, cancellationToken);
                }

                var buffer = read.Buffer;
                while (buffer.Slice(scanned).PositionOf((byte)'\n') is { } end)
                {
                    var watchEvent = ReadEvent(request, selection.Resource, buffer.Slice(0, end), last);
                    last = watchEvent.ConfigMap ?? last;
                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                    scanned = 0;
                    yield return watchEvent;
                }

                scanned = buffer.Length;
                if (scanned > MaximumLineLength)
                {
                    throw RequestFailures.Unexpected(
                        request, $"a line of the watch is longer than {MaximumLineLength >> 20} MiB", HttpStatusCode.OK, _client.BaseUri);
                }

                if (read.IsCompleted)
                {
                    if (scanned > 0)
                    {
                        throw RequestFailures.FromException(
                            request, new EndOfStreamException("The stream ended in the middle of an event."), _client.BaseUri);
                    }

                    yield break;
                }

                pipe.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        finally
        {
            await pipe.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Sends the request and returns the response as soon as its headers have arrived.</summary>
    private Task<HttpResponseMessage> OpenAsync(ApiRequest request, Uri uri, bool metadataOnly, CancellationToken cancellationToken)
    {
        var message = new StreamedRequest(HttpMethod.Get, uri);
        message.Headers.TryAddWithoutValidation("Accept", metadataOnly ? MetadataForm : "application/json");
        return SendRawAsync(request, message, static (_, response, _) => ValueTask.FromResult(response), cancellationToken);
    }

    private Uri WatchUri(string namespaceName, ConfigMapSelection selection, string resourceVersion, TimeSpan serverTimeout)
    {
        var uri = new StringBuilder(UriOf(selection.Resource, namespaceName)).Append("?watch=true&allowWatchBookmarks=true");
        uri.Append("&resourceVersion=").Append(Uri.EscapeDataString(resourceVersion));

        // For the server 0 means its own default, so a fraction of a second is sent as 1.
        uri.Append("&timeoutSeconds=").Append(((long)Math.Max(1, serverTimeout.TotalSeconds)).ToString(CultureInfo.InvariantCulture));
        foreach (var (name, value) in new[] { ("fieldSelector", selection.FieldSelector), ("labelSelector", selection.LabelSelector) })
        {
            if (value is not null)
            {
                uri.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }

        return new Uri(uri.ToString());
    }

    private ConfigMapEvent ReadEvent(ApiRequest request, WatchedResource resource, ReadOnlySequence<byte> line, ConfigMap? last)
    {
        try
        {
            var type = Locate(line, out var reader);
            switch (type)
            {
                case "ERROR":
                    throw RequestFailures.FromErrorEvent(request, Deserialize<V1Status>(ref reader));
                case "ADDED" or "MODIFIED" or "DELETED" or "BOOKMARK" when reader.TokenType == JsonTokenType.StartObject:
                    // A bookmark has a resource version and no name.
                    var kind = Enum.Parse<ConfigMapEventType>(type, ignoreCase: true);
                    var (item, version) = ReadObject(resource, ref reader, last);
                    return item is not null || (kind == ConfigMapEventType.Bookmark && version is not null)
                        ? new ConfigMapEvent(kind, kind == ConfigMapEventType.Bookmark ? null : item, version)
                        : throw BadEvent(request, $"an event of the watch has no {resource.Kind}", line);
                default:
                    throw BadEvent(request, "a line of the watch is not an event", line);
            }
        }
        catch (Exception exception) when (exception is not KubernetesHaException)
        {
            // Besides a JsonException, the converters throw a FormatException for a bad time, and the reader an InvalidOperationException
            // for bad UTF-8.
            throw BadEvent(request, "a line of the watch cannot be read as JSON", line, exception);
        }
    }

    /// <summary>Reads the object of an event; nothing if it is of another kind.</summary>
    private static (ConfigMap? Item, string? Version) ReadObject(WatchedResource resource, ref Utf8JsonReader reader, ConfigMap? last)
    {
        if (resource == WatchedResource.Leases)
        {
            var lease = Deserialize<V1Lease>(ref reader);
            return lease?.Kind == resource.Kind ? (ConfigMap.From(lease), lease.Metadata?.ResourceVersion) : default;
        }

        if (resource == WatchedResource.Pods)
        {
            var pod = Deserialize<V1Pod>(ref reader);
            return pod?.Kind == resource.Kind ? (ConfigMap.From(pod), pod.Metadata?.ResourceVersion) : default;
        }

        var item = ConfigMapJson.Read(ref reader, last);
        return item.IsConfigMap ? (item.ConfigMap, item.ResourceVersion) : default;
    }

    private static T? Deserialize<T>(ref Utf8JsonReader reader)
        where T : class
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        using var document = JsonDocument.ParseValue(ref reader);
        return KubernetesJson.Deserialize<T>(document);
    }

    /// <summary>Finds the type and positions a reader on the object, in either order.</summary>
    private static string? Locate(ReadOnlySequence<byte> line, out Utf8JsonReader body)
    {
        var reader = new Utf8JsonReader(line);
        string? type = null;
        body = default;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("object"u8))
            {
                reader.Read();
                body = reader;
                if (type is not null)
                {
                    // The server's order. Nothing needed follows the object, so it is not skipped only to be parsed later.
                    break;
                }

                reader.Skip();
            }
            else
            {
                var isType = reader.ValueTextEquals("type"u8);
                reader.Read();
                type = isType && reader.TokenType == JsonTokenType.String ? reader.GetString() : type;
                reader.Skip();
            }
        }

        return type;
    }

    private KubernetesHaException BadEvent(ApiRequest request, string what, ReadOnlySequence<byte> line, Exception? cause = null)
    {
        var beginning = RequestFailures.Beginning(Encoding.UTF8.GetString(line.Slice(0, Math.Min(line.Length, 1024))));
        return RequestFailures.Unexpected(request, $"{what}: {beginning}", HttpStatusCode.OK, _client.BaseUri, cause);
    }
}

internal enum ConfigMapEventType
{
    Added,
    Modified,
    Deleted,
    Bookmark,
}

/// <summary>One event of a watch.</summary>
/// <param name="Type">The type of the event.</param>
/// <param name="ConfigMap">The object; <see langword="null"/> in a bookmark.</param>
/// <param name="ResourceVersion">The version from which the next watch resumes.</param>
internal sealed record ConfigMapEvent(ConfigMapEventType Type, ConfigMap? ConfigMap, string? ResourceVersion);
