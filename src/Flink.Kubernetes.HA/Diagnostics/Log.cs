using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Diagnostics;

/// <summary>All messages that the library logs; docs/operations.md lists the IDs and what to do.</summary>
internal static partial class Log
{
    // Requests to the API server: 10x
    [LoggerMessage(100, LogLevel.Debug, "{Request}: HTTP {Status} after {Milliseconds:0.0} ms")]
    public static partial void RequestAnswered(ILogger logger, object request, int status, double milliseconds);

    [LoggerMessage(101, LogLevel.Debug, "{Failure} after {Milliseconds:0.0} ms: {Message}")]
    public static partial void RequestFailed(ILogger logger, string failure, double milliseconds, string message);

    [LoggerMessage(102, LogLevel.Debug, "In {Milliseconds:0} ms retry {Retry} of: {Message}")]
    public static partial void RequestRetried(ILogger logger, double milliseconds, int retry, string? message);

    // Watches: 2xx
    [LoggerMessage(201, LogLevel.Debug, "Watching {Resource} {Object} from version {ResourceVersion}; the server is to end it after {Timeout}.")]
    public static partial void WatchOpening(ILogger logger, string resource, object @object, string? resourceVersion, TimeSpan timeout);

    [LoggerMessage(202, LogLevel.Debug, "The watch of {Resource} {Object} ended after {Lived} (in silence: {Silent}); resuming.")]
    public static partial void WatchEnded(ILogger logger, string resource, object @object, TimeSpan lived, bool silent);

    [LoggerMessage(203, LogLevel.Debug, "The watch of {Resource} {Object} broke after {Lived}; the next try is in {Delay}.")]
    public static partial void WatchBroken(ILogger logger, Exception exception, string resource, object @object, TimeSpan lived, TimeSpan delay);

    [LoggerMessage(204, LogLevel.Information, "Version {ResourceVersion} of {Resource} {Object} has expired on the server; reading its state again.")]
    public static partial void WatchExpired(ILogger logger, string resource, object @object, string? resourceVersion);

    [LoggerMessage(205, LogLevel.Warning, "{Resource} {Object} cannot be watched at the moment; changes are not observed until it can. Retrying.")]
    public static partial void WatchImpaired(ILogger logger, Exception exception, string resource, object @object);

    [LoggerMessage(206, LogLevel.Warning, "{Resource} {Object} cannot be watched: the verb '{Verb}' on {Resource} is not permitted. Grant get, "
        + "list and watch to this process's account. Retrying.")]
    public static partial void WatchForbidden(ILogger logger, Exception exception, string verb, string resource, object @object);

    [LoggerMessage(207, LogLevel.Information, "{Resource} {Object} is watched again.")]
    public static partial void WatchRecovered(ILogger logger, string resource, object @object);

    [LoggerMessage(208, LogLevel.Warning, "{Count} ConfigMaps of the cluster are watched one by one: a list or watch by the labels {Selector} in namespace "
        + "{Namespace} is not permitted. Grant get, list and watch on configmaps without resourceNames to this process's account, and restart it.")]
    public static partial void WatchByLabelForbidden(ILogger logger, Exception exception, int count, string selector, string @namespace);

    // Leader election: 3xx
    [LoggerMessage(300, LogLevel.Information, "Contending for {Component} as {Identity}, with ConfigMap {ConfigMap}.")]
    public static partial void Contending(ILogger logger, string component, string identity, string configMap);

    [LoggerMessage(301, LogLevel.Information, "Leading {Component} as {Identity}: fencing token {FencingToken}, session {SessionId}.")]
    public static partial void TermWon(ILogger logger, string component, string identity, long fencingToken, Guid sessionId);

    [LoggerMessage(302, LogLevel.Warning, "Leadership of {Component} was lost (ConfigMap {ConfigMap}, {Reason}): {Why}")]
    public static partial void LeadershipLost(ILogger logger, string component, string configMap, string reason, string why);

    [LoggerMessage(EventId = 303, Message = "A renewal of the leadership of {Component} failed; {SecondsLeft} s are left until the renew deadline.")]
    public static partial void RenewalFailed(ILogger logger, LogLevel level, string component, double secondsLeft, Exception? exception);

    [LoggerMessage(304, LogLevel.Warning, "The lock of {Component} in ConfigMap {ConfigMap} was edited by someone else; it was restored, and "
        + "this process is still the leader.")]
    public static partial void LockRepaired(ILogger logger, string component, string configMap);

    [LoggerMessage(305, LogLevel.Information, "Released the leadership of {Component} in ConfigMap {ConfigMap}: fencing token {FencingToken}.")]
    public static partial void Released(ILogger logger, string component, string configMap, long fencingToken);

    [LoggerMessage(306, LogLevel.Warning, "The lock of {Component} in ConfigMap {ConfigMap} could not be released; it expires by itself within "
        + "{LeaseSeconds} s.")]
    public static partial void NotReleased(ILogger logger, string component, string configMap, double leaseSeconds, Exception? exception);

    [LoggerMessage(307, LogLevel.Warning, "Cannot contend for {Component} at the moment; retrying: {Why}")]
    public static partial void CannotContend(ILogger logger, string component, string why, Exception? exception);

    [LoggerMessage(308, LogLevel.Debug, "The response to the acquisition of the lock of {Component} in ConfigMap {ConfigMap} was lost. Reading "
        + "the lock.")]
    public static partial void AcquisitionUnknown(ILogger logger, string component, string configMap, Exception? exception);

    [LoggerMessage(310, LogLevel.Information, "The leadership of {Component} is renewed again.")]
    public static partial void RenewedAgain(ILogger logger, string component);

    [LoggerMessage(311, LogLevel.Information, "Waiting for the lock of {Component}, which {Holder} holds: {Seconds} s from its last renewal.")]
    public static partial void WaitsForHolder(ILogger logger, string component, string holder, double seconds);

    [LoggerMessage(309, LogLevel.Error, "A callback on a cancellation token of a term of {Component} threw an exception.")]
    public static partial void LostCallbackFailed(ILogger logger, string component, Exception exception);

    // Heartbeats of processes: 32x
    [LoggerMessage(320, LogLevel.Information, "Lease {Lease} is the heartbeat of {Identity}: the locks of this process name it.")]
    public static partial void ProcessLeaseCreated(ILogger logger, object lease, string identity);

    [LoggerMessage(321, LogLevel.Warning, "A renewal of Lease {Lease} failed; {SecondsLeft} s are left until the renew deadline of all terms of this process.")]
    public static partial void ProcessLeaseRenewalFailed(ILogger logger, Exception? exception, object lease, double secondsLeft);

    [LoggerMessage(322, LogLevel.Information, "Lease {Lease} is renewed again.")]
    public static partial void ProcessLeaseRenewedAgain(ILogger logger, object lease);

    [LoggerMessage(323, LogLevel.Warning, "Lease {Lease} was lost, and with it {Terms} terms of this process: {Why}")]
    public static partial void ProcessLeaseOver(ILogger logger, object lease, int terms, string why);

    [LoggerMessage(324, LogLevel.Information, "Lease {Lease} of {Holder} was not renewed for its duration; it was ended, and the locks that name it are free.")]
    public static partial void HolderLeaseEnded(ILogger logger, object lease, string? holder);

    [LoggerMessage(325, LogLevel.Warning, "Lease {Lease} was not renewed for its duration and cannot be ended, so the locks that name it cannot be taken. Retrying.")]
    public static partial void HolderLeaseNotEnded(ILogger logger, Exception? exception, object lease);

    [LoggerMessage(326, LogLevel.Warning, "Lease {Lease}, which this process no longer needs, could not be deleted: delete it by hand, if it stays.")]
    public static partial void ProcessLeaseNotRemoved(ILogger logger, Exception exception, object lease);

    [LoggerMessage(327, LogLevel.Warning, "The container of this process in Pod {Pod} is not known, so its death cannot be proven; others wait for its lease: "
        + "{Problem} Retrying.")]
    public static partial void OwnPodUnknown(ILogger logger, object pod, string problem);

    [LoggerMessage(328, LogLevel.Information, "Container {ContainerId} of Pod {Pod} has ended: the locks that name it are free.")]
    public static partial void HolderContainerEnded(ILogger logger, string containerId, string pod);

    [LoggerMessage(329, LogLevel.Information, "Events about the election are not created for some time, because the API server has refused one: {Why} "
        + "Grant create on events, or set LeaderElectionOptions.EmitEvents to false.")]
    public static partial void EventRefused(ILogger logger, string why);

    // Leader retrieval: 4xx
    [LoggerMessage(401, LogLevel.Information, "The leader of {Component} is at {Address} (session {SessionId}, fencing token {FencingToken}).")]
    public static partial void LeaderObserved(ILogger logger, object component, string address, Guid sessionId, long fencingToken);

    [LoggerMessage(402, LogLevel.Information, "{Component} has no leader with an address at the moment.")]
    public static partial void NoLeaderObserved(ILogger logger, object component);

    [LoggerMessage(403, LogLevel.Error, "A listener to the leader of {Component} threw an exception; it is still notified of the next change.")]
    public static partial void ListenerFailed(ILogger logger, Exception exception, object component);

    [LoggerMessage(404, LogLevel.Error, "The leader of {Component} cannot be determined: {Problem}")]
    public static partial void LeaderConfigMapUnusable(ILogger logger, object component, string problem);

    [LoggerMessage(405, LogLevel.Warning, "The lock record of ConfigMap {ConfigMap} (annotation '{Annotation}') cannot be read. The lock is "
        + "treated as held; the last known leader is kept while its term is stored.")]
    public static partial void LockUnreadable(ILogger logger, object configMap, string annotation);

    [LoggerMessage(407, LogLevel.Warning, "The leader of {Component}, {Holder}, is suspected: it has not renewed its lock for its lease, although the "
        + "API server can be reached.")]
    public static partial void LeaderSuspected(ILogger logger, object component, string? holder);

    [LoggerMessage(408, LogLevel.Information, "The leader of {Component}, {Holder}, renews its lock again.")]
    public static partial void LeaderHeardAgain(ILogger logger, object component, string? holder);

    [LoggerMessage(409, LogLevel.Warning, "A listener to the leader of {Component} has not ended within {Seconds} s after its token was canceled; "
        + "it is not waited for any longer.")]
    public static partial void ListenerNotEnded(ILogger logger, object component, double seconds);

    // Services and hosting: 5xx
    [LoggerMessage(500, LogLevel.Information, "HA services of cluster {ClusterId} in namespace {Namespace} are ready; this process is "
        + "{Identity}, the API server is {Server}.")]
    public static partial void ServicesCreated(ILogger logger, string clusterId, string @namespace, string identity, Uri server);

    [LoggerMessage(501, LogLevel.Warning, "Requests use the application's own client ({ClientType}), which was not created by CreateHaClient. "
        + "With the official defaults a half-open connection fails requests for minutes, longer than the renew deadline: create the client with "
        + "KubernetesClientConfiguration.CreateHaClient.")]
    public static partial void ClientNotHardened(ILogger logger, Type clientType);

    [LoggerMessage(510, LogLevel.Information, "{Service} starts as leader of {Component}.")]
    public static partial void LeaderServiceBegins(ILogger logger, string service, string component);

    [LoggerMessage(511, LogLevel.Information, "{Service} has ended its term as leader of {Component}.")]
    public static partial void LeaderServiceEnded(ILogger logger, string service, string component);

    [LoggerMessage(512, LogLevel.Error, "{Service} failed while it was the leader of {Component}. The lock is released; contending again in "
        + "{Delay}.")]
    public static partial void LeaderServiceFailed(ILogger logger, Exception exception, string service, string component, TimeSpan delay);

    [LoggerMessage(514, LogLevel.Warning, "{Service} is still working {Elapsed} after it was asked to stop. It holds the lock of {Component} until it ends, "
        + "and the host waits for it until HostOptions.ShutdownTimeout has passed.")]
    public static partial void LeaderServiceIsSlowToStop(ILogger logger, string service, string component, TimeSpan elapsed);

    [LoggerMessage(515, LogLevel.Warning, "The host has stopped waiting for {Service}, {Elapsed} after it was asked to stop. The lock of {Component} is not "
        + "released, because the work may still be running: others wait for the lease.")]
    public static partial void LeaderServiceLeftBehind(ILogger logger, string service, string component, TimeSpan elapsed);

    [LoggerMessage(513, LogLevel.Warning, "{Service} is still working {Elapsed} after it lost the leadership of {Component}: another process may "
        + "be the leader by now. End the work when the token of RunAsync is canceled.")]
    public static partial void LeaderServiceOverstays(ILogger logger, string service, string component, TimeSpan elapsed);

    // Storage: 60x
    [LoggerMessage(601, LogLevel.Warning, "{Path} could not be removed; it occupies space until unfinished writes are removed.")]
    public static partial void UnfinishedFileRemains(ILogger logger, Exception exception, string path);

    // State handles: 65x
    [LoggerMessage(650, LogLevel.Warning, "The response to a write of {Keys} to ConfigMap {ConfigMap} was lost. Reading it back; no data is "
        + "deleted until it is known whether the write took effect.")]
    public static partial void AnswerLost(ILogger logger, string configMap, string keys, Exception exception);

    [LoggerMessage(651, LogLevel.Warning, "A write of {Keys} to ConfigMap {ConfigMap} could not be read back yet.")]
    public static partial void NotReadBack(ILogger logger, string configMap, string keys, Exception exception);

    [LoggerMessage(652, LogLevel.Warning, "It cannot be determined whether a write of {Keys} to ConfigMap {ConfigMap} took effect; its data was "
        + "kept.")]
    public static partial void NeverSettled(ILogger logger, string configMap, string keys, Exception exception);

    [LoggerMessage(653, LogLevel.Warning, "Data without a pointer could not be deleted: {Key} in {Storage}. It only occupies space; a sweep "
        + "removes it.")]
    public static partial void DataLeftBehind(ILogger logger, string storage, string key, Exception exception);

    [LoggerMessage(654, LogLevel.Warning, "The checkpoint {Key} of ConfigMap {ConfigMap} cannot be read at the moment; trying again in about {Delay}.")]
    public static partial void CheckpointReadAgain(ILogger logger, string key, string configMap, TimeSpan delay, Exception exception);

    [LoggerMessage(655, LogLevel.Warning, "ConfigMap {ConfigMap} is filling up: {Size} of at most {Limit} bytes are used, most of them by "
        + "\"{LargestKey}\". Writes fail when it is full.")]
    public static partial void ConfigMapFillsUp(ILogger logger, string configMap, long size, long limit, string largestKey);

    // Clean-up: 7xx
    [LoggerMessage(700, LogLevel.Information, "Job {JobId} has ended and is cleaned up; its result is marked clean.")]
    public static partial void JobCleanedUp(ILogger logger, string jobId);

    [LoggerMessage(701, LogLevel.Warning, "Cleaning up {What} failed, attempt {Tries} of {MaximumTries}; next in {Delay}.")]
    public static partial void CleanUpStepFailed(ILogger logger, string what, int tries, int maximumTries, TimeSpan delay, Exception exception);

    [LoggerMessage(702, LogLevel.Information, "Cluster {ClusterId} has ended {Status}; removing its metadata and data.")]
    public static partial void ClusterCleanUpBegins(ILogger logger, string clusterId, string status);

    [LoggerMessage(703, LogLevel.Information, "Cluster {ClusterId} is {Status}, which is not globally terminal: everything is kept.")]
    public static partial void ClusterKept(ILogger logger, string clusterId, string status);

    [LoggerMessage(704, LogLevel.Warning, "Data without a pointer could not be deleted: {Key}. The next sweep retries.")]
    public static partial void SweepLeft(ILogger logger, string key, Exception exception);
}
