namespace Flink.Kubernetes.HA.Storage.Objects;

/// <summary>The meaning of an error.</summary>
/// <param name="Failure">The kind of failure.</param>
/// <param name="What">What went wrong, and what to do about it.</param>
/// <param name="MayHaveActed">Whether the request may have taken effect, or may still take effect.</param>
internal sealed record ObjectFailure(StateStorageFailure Failure, string What, bool MayHaveActed = false)
{
    private const int MostWords = 1000;

    public static ObjectFailure Taken { get; } = new(StateStorageFailure.AlreadyExists, "there already is data with this key, and data is never "
        + "replaced. Use a new key for every write");

    /// <summary>Whether a retry may succeed.</summary>
    public bool IsPassing { get; init; }

    /// <summary>Whether the upload no longer exists: it was completed, or removed as unfinished.</summary>
    public bool IsUploadGone { get; init; }

    /// <summary>The server's own words, with its code and the id of the request; <see langword="null"/> if it did not answer.</summary>
    public string? Words { get; init; }

    /// <summary>Joins code, message and id of an answer, without what could forge a line of a log.</summary>
    public static string WordsOf(int status, string? code, string? message, string? requestId)
    {
        var text = string.IsNullOrWhiteSpace(message) || message == code ? string.Empty : $": {message.Trim().TrimEnd('.')}";
        var id = string.IsNullOrWhiteSpace(requestId) ? string.Empty : $" (request id {requestId})";
        var words = $"{status}{(string.IsNullOrWhiteSpace(code) ? string.Empty : $" {code}")}{text}{id}";
        words = string.Concat(words.Select(c => char.IsControl(c) ? ' ' : c));
        return words.Length > MostWords ? words[..MostWords] + "..." : words;
    }
}
