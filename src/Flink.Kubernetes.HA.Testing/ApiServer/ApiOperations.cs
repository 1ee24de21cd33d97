using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>What the server does, in one place: the in-process client and the HTTP front are both thin shells around it.</summary>
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

    public IReadOnlyList<ApiRequest> Requests => _log.Requests;

    public StoredObject Get(ApiCall call) => Run(call, 200, () => Existing(call));

    public ListPage List(ApiCall call, ListRequest request) => Run(call, 200, () =>
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

        var revision = from?.Revision ?? _store.Revision;
        var limit = request.Limit is > 0 ? request.Limit.Value : int.MaxValue - 1;
        var items = _store.At(call.Resource, revision)
            .Where(o => (from is null || ObjectStore.IsAfter(o.Key, from.After)) && selector.Matches(o))
            .Take(limit + 1)
            .ToList();
        var more = items.Count > limit;
        items = more ? items[..limit] : items;
        return new ListPage(items, Text(revision), more ? new ContinueToken(revision, items[^1].Key).ToString() : null);
    });

    public StoredObject Create(ApiCall call, ReadOnlyMemory<byte> body) => Run(call, 201, () =>
    {
        var item = ReadBody(call, body);
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

        if ((string?)metadata["name"] is { } name && _store.Find(call.Resource, new ObjectKey(call.Namespace!, name)) is not null)
        {
            throw ApiError.AlreadyExists(call.Resource, name);
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = timeProvider.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        metadata.Remove("deletionTimestamp");
        ObjectValidation.Check(call.Resource, item, stored: null);
        return Publish(_store.Put(call.Resource, item, before: null)).After!;
    });

    public StoredObject Replace(ApiCall call, ReadOnlyMemory<byte> body) => Run(call, 200, () =>
    {
        var item = ReadBody(call, body);
        if (item["metadata"]!["name"] is null)
        {
            throw ApiError.BadRequest($"the name of the object (based on URL: {call.Name}) was undeterminable: name must be provided");
        }

        var metadata = item["metadata"]!.AsObject();
        CheckPlace(call, metadata);
        if (_store.Find(call.Resource, new ObjectKey(call.Namespace!, call.Name!)) is not { } stored)
        {
            throw metadata["uid"] is null
                ? ApiError.NotFound(call.Resource, call.Name!)
                : ApiError.Conflict(call.Resource, call.Name!, $"Precondition failed: UID in precondition: {metadata["uid"]}, UID in object meta: ");
        }

        // Leases alone have no unconditional update.
        if (call.Resource == ApiResource.Leases && metadata["resourceVersion"] is null)
        {
            throw ApiError.Invalid(call.Resource, call.Name, "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update");
        }

        return Update(call, stored, item);
    });

    public StoredObject Patch(ApiCall call, KubePatchType type, ReadOnlyMemory<byte> body) => Run(call, 200, () =>
    {
        var stored = Existing(call);
        CheckSize(body);
        var patch = JsonText.ParseBody(body.Span);
        if (type == KubePatchType.Merge && patch is not JsonObject)
        {
            throw ApiError.PatchRefused("a merge patch is an object");
        }

        var patched = type == KubePatchType.Json ? JsonPatch.Apply(stored.ToNode(), patch) : MergePatch.Apply(stored.ToNode(), patch);
        JsonObject item;
        try
        {
            item = ObjectForm.Normalize(call.Resource, patched);
        }
        catch (FormatException exception)
        {
            throw ApiError.Invalid(call.Resource, call.Name, $"patch: Invalid value: {exception.Message}");
        }

        CheckPlace(call, item["metadata"]!.AsObject());
        if (item["metadata"]!["uid"] is { } uid && (string)uid! != stored.Uid)
        {
            throw ApiError.Invalid(call.Resource, call.Name, $"metadata.uid: Invalid value: \"{uid}\": field is immutable");
        }

        return Update(call, stored, item);
    });

    public StoredObject Delete(ApiCall call, DeletePreconditions? preconditions) => Run(call, 200, () =>
    {
        var stored = Existing(call);
        Require("UID", preconditions?.Uid, stored.Uid);
        Require("ResourceVersion", preconditions?.ResourceVersion, stored.ResourceVersion);
        Publish(_store.Remove(call.Resource, stored));
        return stored;

        void Require(string what, string? expected, string actual)
        {
            if (expected is not null && expected != actual)
            {
                throw ApiError.Conflict(call.Resource, call.Name!, $"Precondition failed: {what} in precondition: {expected}, {what} in object meta: {actual}");
            }
        }
    });

    private static void CheckSize(ReadOnlyMemory<byte> body)
    {
        if (body.Length > MaxRequestBytes)
        {
            throw ApiError.TooLarge($"Request entity too large: limit is {MaxRequestBytes}");
        }
    }

    private static string Text(long revision) => revision.ToString(CultureInfo.InvariantCulture);

    private static JsonObject ReadBody(ApiCall call, ReadOnlyMemory<byte> body)
    {
        CheckSize(body);
        try
        {
            return ObjectForm.Normalize(call.Resource, JsonText.ParseBody(body.Span));
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
            throw ApiError.BadRequest($"the namespace of the provided object does not match the namespace sent on the request ({space} and {call.Namespace})");
        }

        if (call.Name is not null && (string?)metadata["name"] != call.Name)
        {
            throw ApiError.BadRequest($"the name of the object ({metadata["name"]}) does not match the name on the URL ({call.Name})");
        }
    }

    private StoredObject Existing(ApiCall call) =>
        _store.Find(call.Resource, new ObjectKey(call.Namespace!, call.Name!)) ?? throw ApiError.NotFound(call.Resource, call.Name!);

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
        ObjectValidation.Check(call.Resource, item, before);
        return JsonNode.DeepEquals(item, before) ? stored : Publish(_store.Put(call.Resource, item, stored)).After!;
    }

    private T Run<T>(ApiCall call, int status, Func<T> operation)
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
                _log.Add(call, status);
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
