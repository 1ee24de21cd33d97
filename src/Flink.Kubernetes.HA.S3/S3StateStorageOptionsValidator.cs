using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.S3;

/// <summary>Lets the host end at start when the options break a rule.</summary>
internal sealed class S3StateStorageOptionsValidator : IValidateOptions<S3StateStorageOptions>
{
    public ValidateOptionsResult Validate(string? name, S3StateStorageOptions options) =>
        options.Problem() is { } problem ? ValidateOptionsResult.Fail(problem) : ValidateOptionsResult.Success;
}
