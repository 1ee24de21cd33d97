using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing.ApiServer;
using Microsoft.AspNetCore.Http;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>Writes a watch: one line of JSON per event, sent at once.</summary>
internal static class WatchResponse
{
    public static async Task WriteAsync(HttpResponse response, WatchStream stream, ApiResource resource, bool metadataOnly, CancellationToken cancellationToken)
    {
        response.ContentType = "application/json";
        await response.StartAsync(cancellationToken).ConfigureAwait(false);
        await response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (await stream.Messages.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (stream.Messages.TryRead(out var message))
                {
                    var item = message.Object?.JsonFor(metadataOnly) ?? WatchJson.BookmarkObject(resource, message.Revision, metadataOnly);
                    await WriteEventAsync(response, Name(message.Type), item, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (ApiError error)
        {
            await WriteEventAsync(response, "ERROR", JsonText.ToUtf8(error.ToStatus()), cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task WriteEventAsync(HttpResponse response, string type, byte[] item, CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync(WatchJson.Event(type, item), cancellationToken).ConfigureAwait(false);
        await response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static string Name(WatchEventType type) => type switch
    {
        WatchEventType.Added => "ADDED",
        WatchEventType.Modified => "MODIFIED",
        WatchEventType.Deleted => "DELETED",
        _ => "BOOKMARK",
    };
}
