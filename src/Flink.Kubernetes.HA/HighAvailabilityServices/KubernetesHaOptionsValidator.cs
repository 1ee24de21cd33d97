using System.Text.RegularExpressions;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA;

/// <summary>Every rule of <see cref="KubernetesHaOptions"/>: used by the host at start and by the services' constructor.</summary>
internal sealed partial class KubernetesHaOptionsValidator : IValidateOptions<KubernetesHaOptions>
{
    /// <summary>The longest name of a pod; with the 33 characters that are added it is far from any limit of an annotation.</summary>
    private const int MaximumIdentityLength = 253;

    private const int MaximumNamespaceLength = 63;

    /// <exception cref="OptionsValidationException">Something is wrong; the message names all of it.</exception>
    public static void ThrowIfInvalid(KubernetesHaOptions options)
    {
        var failures = Failures(options);
        if (failures.Count > 0)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(KubernetesHaOptions), failures);
        }
    }

    public ValidateOptionsResult Validate(string? name, KubernetesHaOptions options) =>
        Failures(options) is { Count: > 0 } failures ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;

    private static List<string> Failures(KubernetesHaOptions options)
    {
        var failures = new List<string>();
        CheckClusterId(options.ClusterId, failures);
        CheckNamespace(options.Namespace, failures);
        CheckIdentity(options.Identity, failures);
        CheckKubeClient(options.KubeClient, failures);
        if (options.LeaderElection is null)
        {
            failures.Add("LeaderElection is null: leave it out for the defaults.");
        }
        else
        {
            LeaderElectionRules.Check(options.LeaderElection, failures);
        }

        return failures;
    }

    private static void CheckClusterId(string? clusterId, List<string> failures)
    {
        if (string.IsNullOrEmpty(clusterId))
        {
            failures.Add("ClusterId is missing: name the cluster that this process belongs to, such as 'orders'.");
        }
        else if (!HaNames.IsValidClusterId(clusterId))
        {
            failures.Add(
                $"ClusterId ('{clusterId}', {clusterId.Length} characters) can't name ConfigMaps: use 2 to {HaNames.MaximumClusterIdLength} lower-case letters, "
                + "digits and '-', beginning with a letter and ending with a letter or digit.");
        }
    }

    private static void CheckNamespace(string? namespaceName, List<string> failures)
    {
        if (!string.IsNullOrEmpty(namespaceName) && (namespaceName.Length > MaximumNamespaceLength || !DnsLabelPattern().IsMatch(namespaceName)))
        {
            failures.Add(
                $"Namespace ('{namespaceName}', {namespaceName.Length} characters) is not a name that Kubernetes allows: use 1 to {MaximumNamespaceLength} lower-case letters, "
                + "digits and '-', beginning and ending with a letter or digit; or leave it out for the namespace of the connection.");
        }
    }

    // The client's options judge themselves, for they are used without these services too.
    private static void CheckKubeClient(KubeClientOptions? options, List<string> failures)
    {
        try
        {
            if (options?.Snapshot() is null)
            {
                failures.Add("KubeClient is null: leave it out for the defaults.");
            }
        }
        catch (ArgumentException exception)
        {
            failures.Add($"KubeClient: {exception.Message}");
        }
    }

    private static void CheckIdentity(string? identity, List<string> failures)
    {
        if (string.IsNullOrEmpty(identity))
        {
            return;
        }

        if (identity.Length > MaximumIdentityLength)
        {
            failures.Add($"Identity has {identity.Length} characters: use at most {MaximumIdentityLength}, or leave it out for the host's name.");
        }

        // A surrogate without its other half would be read back as another character, and the lock as someone else's.
        var index = identity.AsSpan().IndexOfAnyExceptInRange('\u0020', '\ud7ff');
        index = index >= 0 ? index : identity.ToList().FindIndex(char.IsControl);
        if (index >= 0)
        {
            failures.Add($"Identity has the character U+{(int)identity[index]:X4} at index {index}: use printable characters, such as a pod's name.");
        }
        else if (string.IsNullOrWhiteSpace(identity))
        {
            failures.Add("Identity is blank: name this process, or leave it out for the host's name.");
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DnsLabelPattern();
}
