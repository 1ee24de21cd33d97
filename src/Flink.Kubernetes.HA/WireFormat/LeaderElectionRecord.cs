using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using Flink.Kubernetes.HA.KubeClient.Model;

namespace Flink.Kubernetes.HA.WireFormat;

/// <summary>The lock record in <see cref="HaNames.LockAnnotation"/>: reads the form of every known client, writes client-go's.</summary>
/// <remarks>
/// Times are never read: a lease is counted from when its last change was observed, not from what another machine's clock
/// says. Python writes them without a zone, and no decision may hang on that.
/// </remarks>
internal sealed class LeaderElectionRecord
{
    private const string HolderIdentityField = "holderIdentity";
    private const string LeaseDurationSecondsField = "leaseDurationSeconds";
    private const string LeaseDurationField = "leaseDuration";
    private const string AcquireTimeField = "acquireTime";
    private const string RenewTimeField = "renewTime";
    private const string LeaderTransitionsField = "leaderTransitions";

    /// <summary>Longer leases than this are counted as this: what a timer can wait for.</summary>
    private static readonly TimeSpan MaximumLeaseDuration = TimeSpan.FromDays(24);

    private readonly JsonObject? _fields;

    private LeaderElectionRecord(string? annotation, JsonObject? fields, string? holderIdentity)
    {
        Annotation = annotation;
        _fields = fields;
        HolderIdentity = holderIdentity;
    }

    /// <summary>The annotation as it stands, or <see langword="null"/> when there is none.</summary>
    public string? Annotation { get; }

    /// <summary>Whether there is a record at all.</summary>
    public bool IsPresent => Annotation is not null;

    /// <summary>Whether it can be read; one that can't counts as held.</summary>
    public bool IsReadable => _fields is not null;

    /// <summary>Who holds the lock; <see langword="null"/> or empty when nobody does.</summary>
    public string? HolderIdentity { get; }

    /// <summary>Whether the record says that nobody holds the lock.</summary>
    public bool IsReleased => IsReadable && string.IsNullOrEmpty(HolderIdentity);

    /// <summary>The lease that the holder promises to renew within, or <see langword="null"/> when it tells none that makes sense.</summary>
    public TimeSpan? LeaseDuration => Longest(Duration(LeaseDurationSecondsField), Duration(LeaseDurationField));

    /// <summary>How often the lock has changed hands; 0 when it is not told. Others count in 32 bits: it stops below their end.</summary>
    public long LeaderTransitions => _fields?[LeaderTransitionsField] is JsonValue value && TryGetNumber(value, out var number) ? (long)Math.Clamp(number, 0, int.MaxValue - 1) : 0;

    public static LeaderElectionRecord Parse(string? annotation)
    {
        if (annotation is null)
        {
            return new LeaderElectionRecord(null, null, null);
        }

        try
        {
            // Written out and in again at once: text with half a surrogate pair fails here, and not where it is used later.
            if (JsonNode.Parse(annotation) is not JsonObject fields || fields.ToJsonString().Length == 0)
            {
                return new LeaderElectionRecord(annotation, null, null);
            }

            return fields[HolderIdentityField] switch
            {
                null => new LeaderElectionRecord(annotation, fields, null),
                JsonValue value when value.TryGetValue(out string? holder) => new LeaderElectionRecord(annotation, fields, holder),
                _ => new LeaderElectionRecord(annotation, null, null),
            };
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            // ArgumentException: a member that stands twice; InvalidOperationException: an escape that is no character.
            return new LeaderElectionRecord(annotation, null, null);
        }
    }

    /// <summary>Writes the record of a holder; fields that we do not know are kept from the one before.</summary>
    public string Held(string holderIdentity, TimeSpan leaseDuration, DateTimeOffset acquireTime, DateTimeOffset renewTime, long leaderTransitions) =>
        Write(holderIdentity, (int)Math.Ceiling(leaseDuration.TotalSeconds), acquireTime, renewTime, leaderTransitions);

    /// <summary>Writes the record of a lock that was given up, as client-go does: no holder and a lease of one second.</summary>
    public string Released(DateTimeOffset time) => Write(string.Empty, 1, time, time, LeaderTransitions);

    private string Write(string holderIdentity, int leaseDurationSeconds, DateTimeOffset acquireTime, DateTimeOffset renewTime, long leaderTransitions)
    {
        var fields = (JsonObject?)_fields?.DeepClone() ?? [];
        fields[HolderIdentityField] = holderIdentity;
        fields[LeaseDurationSecondsField] = leaseDurationSeconds;
        fields[AcquireTimeField] = Time(acquireTime);
        fields[RenewTimeField] = Time(renewTime);
        fields[LeaderTransitionsField] = leaderTransitions;

        // fabric8 reads only this field: where one of its records stood, keep it true, in the form that stood there.
        switch (fields[LeaseDurationField]?.GetValueKind())
        {
            case JsonValueKind.Number:
                fields[LeaseDurationField] = leaseDurationSeconds;
                break;
            case JsonValueKind.String:
                fields[LeaseDurationField] = $"PT{leaseDurationSeconds.ToString(CultureInfo.InvariantCulture)}S";
                break;
            default:
                fields.Remove(LeaseDurationField);
                break;
        }

        return fields.ToJsonString();
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString(MicroTimeConverter.Format, CultureInfo.InvariantCulture);

    private static TimeSpan? Longest(TimeSpan? a, TimeSpan? b) => a is null || b > a ? b : a;

    private TimeSpan? Duration(string field)
    {
        if (_fields?[field] is not JsonValue value)
        {
            return null;
        }

        if (TryGetNumber(value, out var seconds))
        {
            return seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, MaximumLeaseDuration.TotalSeconds)) : null;
        }

        try
        {
            var duration = value.TryGetValue(out string? text) ? XmlConvert.ToTimeSpan(text) : TimeSpan.Zero;
            return duration > TimeSpan.Zero ? Min(duration, MaximumLeaseDuration) : null;
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            return null;
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static bool TryGetNumber(JsonValue value, out double number) =>
        (value.TryGetValue(out number)
            || (value.TryGetValue(out string? text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number)))
        && double.IsFinite(number);
}
