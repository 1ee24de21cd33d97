using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA;

/// <summary>A component of a cluster; each component has its own leader and its own ConfigMap.</summary>
public sealed partial record LeaderComponent
{
    private const int MaximumLength = 63;
    private const string JobManagerSuffix = "-jobmanager";

    private LeaderComponent(string name) => Name = name;

    /// <summary>Flink's ResourceManager: <c>resourcemanager</c>.</summary>
    public static LeaderComponent ResourceManager { get; } = new("resourcemanager");

    /// <summary>Flink's Dispatcher: <c>dispatcher</c>.</summary>
    public static LeaderComponent Dispatcher { get; } = new("dispatcher");

    /// <summary>The REST endpoint: <c>restserver</c>.</summary>
    public static LeaderComponent RestEndpoint { get; } = new("restserver");

    /// <summary>The name within the cluster, which is part of the ConfigMap's name.</summary>
    public string Name { get; }

    internal bool IsJobManager => JobManagerPattern().IsMatch(Name);

    /// <summary>The job whose JobManager this is, or <see langword="null"/> for another component.</summary>
    internal JobId? JobId => IsJobManager ? HA.JobId.Parse(Name[..^JobManagerSuffix.Length]) : null;

    /// <summary>The JobManager (JobMaster) of one job: <c>&lt;jobId&gt;-jobmanager</c>.</summary>
    public static LeaderComponent JobManager(JobId jobId) => new($"{jobId}-jobmanager");

    /// <summary>Creates a custom component.</summary>
    /// <param name="name">1 to 63 lower-case letters, digits and <c>-</c>, beginning and ending with a letter or digit.</param>
    /// <exception cref="ArgumentException">The name is not valid, or is reserved for the JobManager of a job.</exception>
    public static LeaderComponent Custom(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length > MaximumLength || !NamePattern().IsMatch(name))
        {
            throw new ArgumentException(
                $"'{name}' is not a valid component name: use 1 to {MaximumLength} lower-case letters, digits and '-', beginning and ending with "
                + "a letter or digit.",
                nameof(name));
        }

        return JobManagerPattern().IsMatch(name)
            ? throw new ArgumentException($"'{name}' is the name of a job's JobManager: use LeaderComponent.JobManager(jobId).", nameof(name))
            : new LeaderComponent(name);
    }

    /// <summary>Creates a custom component from its name, as <see cref="Custom"/> does.</summary>
    /// <exception cref="ArgumentException">The name is not valid, or is reserved for the JobManager of a job.</exception>
#pragma warning disable CA2225 // Custom is the method for languages without operators.
    public static implicit operator LeaderComponent(string name) => Custom(name);
#pragma warning restore CA2225

    /// <summary>Returns <see cref="Name"/>.</summary>
    public override string ToString() => Name;

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[0-9a-f]{32}-jobmanager\z", RegexOptions.CultureInvariant)]
    private static partial Regex JobManagerPattern();
}
