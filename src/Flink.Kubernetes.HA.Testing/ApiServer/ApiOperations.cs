using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>What the server does, in one place: the REST front is a thin shell around it.</summary>
/// <remarks>Each operation happens in one step under one lock, and either returns or throws an <see cref="ApiError"/>.</remarks>
internal sealed partial class ApiOperations(TimeProvider timeProvider, InMemoryApiServerOptions options)
{
    private const int MaxRequestBytes = 3 * 1024 * 1024;
    private const string SuffixLetters = "bcdfghjklmnpqrstvwxz2456789";

    private readonly Lock _gate = new();
    private readonly ObjectStore _store = new(options.HistoryLimit);
    private readonly RequestLog _log = new(timeProvider);
    private readonly List<AccessRule> _denied = [];
    private bool _stopped;

    /// <summary>Changes what a patch has made, as a mutating admission webhook does.</summary>
    public Action<JsonObject>? Admission { get; set; }

    public IReadOnlyList<ApiRequest> Requests => _log.Requests;

    public StoredObject Get(ApiCall call) => Run(call, 200, () => Existing(call));

    public ListPage List(ApiCall call, ListRequest request) => Run(call, 200, () => Page(call, request));

    /// <returns>What was deleted.</returns>
    public ListPage DeleteCollection(ApiCall call, ListRequest request) => Run(call, 200, () =>
    {
        var page = Page(call, request);
        foreach (var item in page.Items)
        {
            Publish(_store.Remove(call.Resource, item));
        }

        return page;
    });

    public StoredObject Create(ApiCall call, ReadOnlyMemory<byte> body) => Run(call, 201, () => Add(call, ReadBody(call, body)));

    /// <returns>The object, and whether the update created it.</returns>
    public (StoredObject Object, bool IsCreated) Replace(ApiCall call, ReadOnlyMemory<byte> body) => Run<(StoredObject Object, bool IsCreated)>(
        call,
        result => result.IsCreated ? 201 : 200,
        () =>
        {
            var item = ReadBody(call, body);
            var metadata = item["metadata"]!.AsObject();
            if (metadata["name"] is null)
            {
                throw ApiError.BadRequest($"the name of the object (based on URL: {call.Name}) was undeterminable: name must be provided");
            }

            CheckPlace(call, metadata);
            if (_store.Find(call.Resource, call.Key) is { } stored)
            {
                // Where an update may create, the version tells that it is meant to be none.
                return !call.Resource.IsCreatedOnUpdate || metadata["resourceVersion"] is not null
                    ? (Update(call, stored, item), false)
                    : throw ApiError.Invalid(call.Resource, call.Name, "metadata.resourceVersion: Invalid value: 0: must be specified for an update");
            }

            if (!call.Resource.IsCreatedOnUpdate)
            {
                throw ApiError.NotFound(call.Resource, call.Name!);
            }

            metadata.Remove("resourceVersion");
            return metadata["uid"] is { } uid
                ? throw ApiError.Conflict(call.Resource, call.Name!, $"Precondition failed: UID in precondition: {uid}, UID in object meta: ")
                : (Add(call, item), true);
        });

    public StoredObject Patch(ApiCall call, PatchType type, ReadOnlyMemory<byte> body) => Run(call, 200, () =>
    {
        var stored = Existing(call);
        CheckSize(body);
        var patch = JsonText.ParseBody(body, "error decoding patch");
        var patched = type == PatchType.Json ? JsonPatch.Apply(stored.ToNode(), patch)
            : patch is JsonObject ? MergePatch.Apply(stored.ToNode(), patch)
            : throw ApiError.BadRequest("error decoding patch: a merge patch is an object");
        JsonObject item;
        try
        {
            item = ObjectForm.Normalize(call.Resource, patched);
        }
        catch (FormatException exception)
        {
            throw ApiError.Invalid(call.Resource, call.Name, $"patch: Invalid value: {exception.Message}");
        }

        Admission?.Invoke(item);
        CheckPlace(call, item["metadata"]!.AsObject());
        if (item["metadata"]!["uid"] is { } uid && (string)uid! != stored.Uid)
        {
            throw ApiError.Invalid(call.Resource, call.Name, $"metadata.uid: Invalid value: \"{uid}\": field is immutable");
        }

        return Update(call, stored, item);
    });

    /// <returns>The object as it was deleted.</returns>
    public StoredObject Delete(ApiCall call, DeletePreconditions? preconditions) => Run(call, 200, () =>
    {
        var stored = Existing(call);
        Require("UID", preconditions?.Uid, stored.Uid, "The object might have been deleted and then recreated");
        Require("ResourceVersion", preconditions?.ResourceVersion, stored.ResourceVersion, "The object might have been modified");
        var revision = Publish(_store.Remove(call.Resource, stored)).Revision;
        return call.Resource.HasStatus ? Ending(stored, revision) : stored.At(revision);

        void Require(string what, string? expected, string actual, string perhaps)
        {
            if (expected is not null && expected != actual)
            {
                throw ApiError.Conflict(call.Resource, call.Name!, $"the {what} in the precondition ({expected}) does not match the {what} in record ({actual}). {perhaps}");
            }
        }
    });

    private ListPage Page(ApiCall call, ListRequest request)
    {
        var selector = ObjectSelector.Parse(call.Namespace, request.LabelSelector, request.FieldSelector);
        var from = string.IsNullOrEmpty(request.Continue) ? null : ContinueToken.Parse(request.Continue);
        if (from?.Revision < _store.CompactedRevision)
        {
            throw ApiError.Expired("The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.");
        }

        if (long.TryParse(request.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var atLeast) && atLeast > _store.Revision)
        {
            throw new ApiError(504, "Timeout", $"Timeout: Too large resource version: {atLeast}, current: {_store.Revision}") { RetryAfterSeconds = 1 };
        }

        if (request.IsExact && from is null && atLeast < _store.CompactedRevision)
        {
            throw ApiError.Expired($"The provided resource version is too old: {atLeast}");
        }

        var revision = from?.Revision ?? (request.IsExact ? atLeast : _store.Revision);
        var limit = request.Limit is > 0 ? request.Limit.Value : int.MaxValue - 1;
        var items = _store.At(call.Resource, revision)
            .Where(o => (from is null || ObjectStore.IsAfter(o.Key, from.After)) && selector.Matches(o))
            .Take(limit + 1)
            .ToList();
        var more = items.Count > limit;
        items = more ? items[..limit] : items;
        return new ListPage(items, Text(revision), more ? new ContinueToken(revision, items[^1].Key).ToString() : null);
    }

    private static void CheckSize(ReadOnlyMemory<byte> body)
    {
        if (body.Length > MaxRequestBytes)
        {
            throw ApiError.TooLarge($"limit is {MaxRequestBytes}");
        }
    }

    private static string Text(long revision) => revision.ToString(CultureInfo.InvariantCulture);

    private static JsonObject ReadBody(ApiCall call, ReadOnlyMemory<byte> body)
    {
        CheckSize(body);
        try
        {
            return ObjectForm.Normalize(call.Resource, JsonText.ParseBody(body, $"the object provided is unrecognized (must be of type {call.Resource.Kind})") ?? new JsonObject());
        }
        catch (FormatException exception)
        {
            throw ApiError.BadRequest($"{call.Resource.Kind} in version \"v1\" cannot be handled as a {call.Resource.Kind}: {exception.Message}");
        }
    }

    /// <summary>The name and the namespace in the object must be those of the URL.</summary>
    private static void CheckPlace(ApiCall call, JsonObject metadata)
    {
        if (metadata["namespace"] is { } space && (string)space! != call.Namespace)
        {
            throw ApiError.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        if (call.Name is not null && (string?)metadata["name"] != call.Name)
        {
            throw ApiError.BadRequest($"the name of the object ({metadata["name"]}) does not match the name on the URL ({call.Name})");
        }
    }

    private StoredObject Existing(ApiCall call) =>
        _store.Find(call.Resource, call.Key) ?? throw ApiError.NotFound(call.Resource, call.Name!);

    private StoredObject Add(ApiCall call, JsonObject item)
    {
        var metadata = item["metadata"]!.AsObject();
        CheckPlace(call, metadata);
        metadata["namespace"] = call.Namespace;
        if (metadata["resourceVersion"] is not null)
        {
            throw new ApiError(500, reason: null, "resourceVersion should not be set on objects to be created");
        }

        if (metadata["name"] is null && metadata["generateName"] is { } prefix)
        {
            metadata["name"] = (string)prefix! + RandomNumberGenerator.GetString(SuffixLetters, 5);
        }

        if ((string?)metadata["name"] is { } name && _store.Find(call.Resource, new NamespacedName(call.Namespace!, name)) is not null)
        {
            throw ApiError.AlreadyExists(call.Resource, name);
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Timestamp();
        metadata.Remove("deletionTimestamp");
        if (call.Resource.HasStatus)
        {
            item["status"] = new JsonObject { ["phase"] = "Pending" };
        }

        ObjectValidation.Check(call.Resource, item, stored: null);
        return Publish(_store.Put(call.Resource, item, before: null)).After!;
    }

    private string Timestamp() => timeProvider.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A pod as its delete answers it: it ends, if at once.</summary>
    private StoredObject Ending(StoredObject pod, long revision)
    {
        var item = pod.ToNode();
        (item["metadata"]!["deletionTimestamp"], item["metadata"]!["deletionGracePeriodSeconds"]) = (Timestamp(), 0);
        return StoredObject.Create(item, revision);
    }

    private StoredObject Update(ApiCall call, StoredObject stored, JsonObject item)
    {
        var before = stored.ToNode();
        var (metadata, old) = (item["metadata"]!.AsObject(), before["metadata"]!.AsObject());
        if (metadata["uid"] is { } uid && (string)uid! != stored.Uid)
        {
            throw ApiError.Conflict(call.Resource, call.Name!, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {stored.Uid}");
        }

        if (metadata["resourceVersion"] is { } version && (string)version! != stored.ResourceVersion)
        {
            throw ApiError.Modified(call.Resource, call.Name!);
        }

        // What belongs to the server stays as it is.
        foreach (var field in new[] { "namespace", "uid", "creationTimestamp", "resourceVersion" })
        {
            metadata[field] = old[field]!.DeepClone();
        }

        metadata.Remove("deletionTimestamp");
        if (call.Resource.HasStatus)
        {
            KeepOtherPart(item, before, call.Subresource == "status");
        }

        ObjectValidation.Check(call.Resource, item, before);
        return JsonNode.DeepEquals(item, before) ? stored : Publish(_store.Put(call.Resource, item, stored)).After!;
    }

    /// <summary>The status is written by its subresource alone, and that writes nothing else but metadata; what else the body has is ignored.</summary>
    private static void KeepOtherPart(JsonObject item, JsonObject before, bool isStatus)
    {
        var parts = item.Concat(before).Select(member => member.Key).Where(name => name is not ("apiVersion" or "kind" or "metadata"));
        foreach (var name in parts.Where(name => (name == "status") != isStatus).ToHashSet())
        {
            item.Remove(name);
            if (before[name] is { } kept)
            {
                item[name] = kept.DeepClone();
            }
        }
    }

    private T Run<T>(ApiCall call, int status, Func<T> operation) => Run(call, _ => status, operation);

    private T Run<T>(ApiCall call, Func<T, int> status, Func<T> operation)
    {
        lock (_gate)
        {
            if (_stopped)
            {
                throw new ConnectionBrokenException("The in-memory API server has been stopped.");
            }

            try
            {
                if (_denied.Exists(rule => rule.Covers(call)))
                {
                    throw ApiError.Forbidden(call);
                }

                var result = operation();
                _log.Add(call, status(result));
                return result;
            }
            catch (ApiError error)
            {
                _log.Add(call, error.Status);
                throw;
            }
        }
    }
}

/// <summary>What a list asks for.</summary>
/// <param name="LabelSelector">Which labels.</param>
/// <param name="FieldSelector">Which names.</param>
/// <param name="Limit">How many at most.</param>
/// <param name="Continue">Where the page before ended.</param>
/// <param name="ResourceVersion">The revision that is shown at least.</param>
/// <param name="IsExact">Whether it is the very revision that is shown.</param>
internal sealed record ListRequest(
    string? LabelSelector, string? FieldSelector, int? Limit, string? Continue, string? ResourceVersion = null, bool IsExact = false);

/// <summary>One page of a list.</summary>
internal sealed record ListPage(IReadOnlyList<StoredObject> Items, string ResourceVersion, string? Continue);

/// <summary>What must hold for a delete.</summary>
internal sealed record DeletePreconditions(string? Uid, string? ResourceVersion);

internal enum PatchType
{
    Json,
    Merge,
}
