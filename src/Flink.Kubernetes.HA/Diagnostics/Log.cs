namespace Flink.Kubernetes.HA.Diagnostics;

/// <summary>The library's log messages. Ids: 1xx API requests, 2xx watches, 3xx election, 4xx retrieval, 5xx services, 6xx storage, from 650 state handles.</summary>
/// <remarks>The parts are <c>Log.&lt;Folder&gt;.cs</c>.</remarks>
internal static partial class Log;
