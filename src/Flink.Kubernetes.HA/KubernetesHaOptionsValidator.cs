using System.Text.RegularExpressions;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA;

/// <summary>Validates <see cref="KubernetesHaOptions"/>, for the host at start and for the constructor of the services.</summary>
internal sealed partial class KubernetesHaOptionsValidator : IValidateOptions<KubernetesHaOptions>
{
    /// <summary>The longest name of a pod; with the 33 characters that are added it is far below the limits of an annotation.</summary>
    private const int MaximumIdentityLength = 253;

    private const int MaximumNamespaceLength = 63;

    /// <exception cref="OptionsValidationException">The options are not valid; the message lists all errors.</exception>
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
        CheckApiServer(options.ApiServer, failures);
        if (options.LeaderElection is null)
        {
            failures.Add("LeaderElection is null: leave it out for the defaults.");
        }
        else
        {
            LeaderElectionOptionsValidator.Check(options.LeaderElection, failures);
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
                $"ClusterId ('{clusterId}', {clusterId.Length} characters) cannot be part of the name of a ConfigMap: "
                + $"use 2 to {HaNames.MaximumClusterIdLength} lower-case letters, digits and '-', beginning with a letter and ending with a letter or digit.");
        }
    }

    private static void CheckNamespace(string? namespaceName, List<string> failures)
    {
        if (!string.IsNullOrEmpty(namespaceName) && (namespaceName.Length > MaximumNamespaceLength || !DnsLabelPattern().IsMatch(namespaceName)))
        {
            failures.Add(
                $"Namespace ('{namespaceName}', {namespaceName.Length} characters) is not a valid Kubernetes name: "
                + $"use 1 to {MaximumNamespaceLength} lower-case letters, digits and '-', beginning and ending with a letter or digit; or leave it out for the namespace of the connection.");
        }
    }

    private static void CheckApiServer(ApiServerOptions? options, List<string> failures)
    {
        if (options is null)
        {
            failures.Add("ApiServer is null: leave it out for the defaults.");
            return;
        }

        List<string> found = [];
        options.Check(found);
        failures.AddRange(found.Select(failure => $"ApiServer.{failure}"));
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

        // An unpaired surrogate is read back as another character, so the lock would look as if someone else held it.
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
