using System.Buffers;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json;
using System.Text;
using System.Xml;

namespace Flink.Kubernetes.HA.WireFormat;

/// <summary>The lock record in <see cref="HaNames.LockAnnotation"/>: reads the form of every known client, writes client-go's.</summary>
/// <remarks>
/// The times in the record are never relied on: a lease counts from the observation of its last change, not from the wall clock of
/// another machine. (The Python client writes them without a time zone, so they could not be relied on anyway.)
/// </remarks>
internal sealed class LeaderElectionRecord
{
    private const string HolderIdentityField = "holderIdentity";
    private const string LeaseDurationSecondsField = "leaseDurationSeconds";
    private const string LeaseDurationField = "leaseDuration";
    private const string AcquireTimeField = "acquireTime";
    private const string RenewTimeField = "renewTime";
    private const string LeaderTransitionsField = "leaderTransitions";

    /// <summary>The limit for stated leases: the longest time that a timer can wait.</summary>
    private static readonly TimeSpan MaximumLeaseDuration = TimeSpan.FromDays(24);

    /// <summary>Kubernetes' MicroTime: exactly six digits.</summary>
    public const string MicroTimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>The lease in the record of a holder that lives by a Lease, which the term names: the largest that every client can read, so
    /// that contenders which know only this record never take the lock.</summary>
    public static readonly TimeSpan EndlessLease = TimeSpan.FromSeconds(int.MaxValue);
    // A leader writes a record every few seconds for each of its components.
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer)? _reusable;

    // Only where there are fields that are not known: contenders of thousands of locks hold as many records.
    private readonly JsonObject? _fields;

    private LeaderElectionRecord(string? annotation, JsonObject? fields, string? holderIdentity)
    {
        Annotation = annotation;
        IsReadable = fields is not null;
        HolderIdentity = holderIdentity;
        LeaseDuration = Longest(Duration(fields, LeaseDurationSecondsField), Duration(fields, LeaseDurationField));
        IsEndless = Duration(fields, LeaseDurationSecondsField, int.MaxValue) >= EndlessLease;
        AcquireTime =
            fields?[AcquireTimeField] is JsonValue acquired && acquired.TryGetValue(out string? text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : null;
        LeaderTransitions =
            fields?[LeaderTransitionsField] is JsonValue transitions && TryGetNumber(transitions, out var number) ? (long)Math.Clamp(number, 0, int.MaxValue - 1) : 0;
        _fields = fields?.All(field => field.Key
            is HolderIdentityField or LeaseDurationSecondsField or AcquireTimeField or RenewTimeField or LeaderTransitionsField) == true ? null : fields;
    }

    /// <summary>The text of the annotation, or <see langword="null"/> if there is none.</summary>
    public string? Annotation { get; }

    /// <summary>Whether there is a record at all.</summary>
    public bool IsPresent => Annotation is not null;

    /// <summary>Whether the record can be read; one that cannot is treated as held.</summary>
    public bool IsReadable { get; }

    /// <summary>The holder of the lock; <see langword="null"/> or empty if nobody holds it.</summary>
    public string? HolderIdentity { get; }

    /// <summary>Whether the record says that nobody holds the lock.</summary>
    public bool IsReleased => IsReadable && string.IsNullOrEmpty(HolderIdentity);

    /// <summary>The lease within which the holder promises to renew, or <see langword="null"/> if the record states no valid one.</summary>
    public TimeSpan? LeaseDuration { get; }

    /// <summary>Whether the record itself is not renewed: its holder lives by a Lease.</summary>
    public bool IsEndless { get; }

    /// <summary>When the holder acquired the lock, by its own clock; for people, and never for a lease.</summary>
    public DateTimeOffset? AcquireTime { get; }

    /// <summary>The number of leader transitions; 0 if absent. Saturates below <see cref="int.MaxValue"/>, because other clients store it
    /// as a 32-bit integer.</summary>
    public long LeaderTransitions { get; }

    public static LeaderElectionRecord Parse(string? annotation)
    {
        if (annotation is null)
        {
            return new LeaderElectionRecord(null, null, null);
        }

        try
        {
            // Serialized once: text with an unpaired surrogate fails here, and not where it is used later.
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
            // ArgumentException: a duplicate member; InvalidOperationException: an escape that is not a character.
            return new LeaderElectionRecord(annotation, null, null);
        }
    }

    /// <summary>Writes the record of a holder; unknown fields of the previous record are kept.</summary>
    public string Held(string holderIdentity, TimeSpan leaseDuration, DateTimeOffset acquireTime, DateTimeOffset renewTime, long leaderTransitions) =>
        Write(holderIdentity, (int)Math.Ceiling(leaseDuration.TotalSeconds), acquireTime, renewTime, leaderTransitions);

    /// <summary>Writes the record of a released lock as client-go does: no holder and a lease of one second.</summary>
    public string Released(DateTimeOffset time) => Write(string.Empty, 1, time, time, LeaderTransitions);

    private string Write(string holderIdentity, int leaseDurationSeconds, DateTimeOffset acquireTime, DateTimeOffset renewTime, long leaderTransitions)
    {
        var (buffer, writer) = _reusable ?? (new ArrayBufferWriter<byte>(1024), new Utf8JsonWriter(Stream.Null));

        // Taken until the end: what follows may fail.
        _reusable = null;
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        writer.WriteStartObject();
        writer.WriteString(HolderIdentityField, holderIdentity);
        writer.WriteNumber(LeaseDurationSecondsField, leaseDurationSeconds);
        WriteTime(writer, AcquireTimeField, acquireTime);
        WriteTime(writer, RenewTimeField, renewTime);
        writer.WriteNumber(LeaderTransitionsField, leaderTransitions);

        // Fields that are not known are kept. fabric8 reads only its own field: if the previous record was one of its own, keep the field
        // correct and in the same form.
        foreach (var (name, value) in _fields ?? [])
        {
            switch (name)
            {
                case HolderIdentityField or LeaseDurationSecondsField or AcquireTimeField or RenewTimeField or LeaderTransitionsField:
                    break;
                case LeaseDurationField when value?.GetValueKind() == JsonValueKind.Number:
                    writer.WriteNumber(LeaseDurationField, leaseDurationSeconds);
                    break;
                case LeaseDurationField when value?.GetValueKind() == JsonValueKind.String:
                    writer.WriteString(LeaseDurationField, $"PT{leaseDurationSeconds.ToString(CultureInfo.InvariantCulture)}S");
                    break;
                case LeaseDurationField:
                    break;
                default:
                    writer.WritePropertyName(name);
                    WriteNode(writer, value);
                    break;
            }
        }

        writer.WriteEndObject();
        writer.Flush();
        _reusable = (buffer, writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteTime(Utf8JsonWriter writer, string field, DateTimeOffset time)
    {
        Span<char> text = stackalloc char[MicroTimeFormat.Length];
        time.UtcDateTime.TryFormat(text, out var length, MicroTimeFormat, CultureInfo.InvariantCulture);
        writer.WriteString(field, text[..length]);
    }

    private static void WriteNode(Utf8JsonWriter writer, JsonNode? node)
    {
        if (node is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            node.WriteTo(writer);
        }
    }

    private static TimeSpan? Longest(TimeSpan? a, TimeSpan? b) => a is null || b > a ? b : a;

    private static TimeSpan? Duration(JsonObject? fields, string field, double? longest = null)
    {
        if (fields?[field] is not JsonValue value)
        {
            return null;
        }

        if (TryGetNumber(value, out var seconds))
        {
            return seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, longest ?? MaximumLeaseDuration.TotalSeconds)) : null;
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
