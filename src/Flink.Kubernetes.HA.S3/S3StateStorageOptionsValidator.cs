using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.S3;

/// <summary>Validates the options when the host starts.</summary>
internal sealed class S3StateStorageOptionsValidator : IValidateOptions<S3StateStorageOptions>
{
    public ValidateOptionsResult Validate(string? name, S3StateStorageOptions options) =>
        options.Problem() is { } problem ? ValidateOptionsResult.Fail(problem) : ValidateOptionsResult.Success;
}
