using System.Buffers;
using System.IO.Pipelines;
using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

/// <summary>One watch connection of a <see cref="ScriptedWatches"/>.</summary>
internal sealed class ScriptedConnection(string query)
{
    private readonly Pipe _body = new();

    public string Query => query;

    /// <summary>The version from which the watch was asked.</summary>
    public string ResourceVersion => Regex.Match(query, "[?&]resourceVersion=([^&]*)").Groups[1].Value;

    /// <summary>The time after which the server was asked to end it.</summary>
    public TimeSpan Timeout => TimeSpan.FromSeconds(int.Parse(Regex.Match(query, "timeoutSeconds=([0-9]+)").Groups[1].Value, CultureInfo.InvariantCulture));

    public Stream Body => _body.Reader.AsStream();

    public void Modified(string item) => Send("MODIFIED", item);

    public void Deleted(string item) => Send("DELETED", item);

    public void Bookmark(string resourceVersion) => Send("BOOKMARK", $$$"""{"kind":"ConfigMap","metadata":{"resourceVersion":"{{{resourceVersion}}}"}}""");

    /// <summary>The server says that the version has expired.</summary>
    public void Expire()
    {
        Send("ERROR", Answer.StatusJson(410, "Expired", "too old resource version: 1 (9)").ToJsonString());
        End();
    }

    /// <summary>The server ends it.</summary>
    public void End() => _body.Writer.Complete();

    /// <summary>The connection breaks.</summary>
    public void Break() => _body.Writer.Complete(new HttpIOException(HttpRequestError.ResponseEnded, "Scripted: the connection broke."));

    private void Send(string type, string item)
    {
        _body.Writer.Write(Encoding.UTF8.GetBytes($$"""{"type":"{{type}}","object":{{item}}}""" + "\n"));
        _body.Writer.FlushAsync().AsTask().IsCompleted.Should().BeTrue("a few events fit into the pipe");
    }
}
