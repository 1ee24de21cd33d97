using System.Globalization;
using System.Text;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>Where the next page of a list begins, and at which revision it looks.</summary>
internal sealed record ContinueToken(long Revision, NamespacedName After)
{
    public override string ToString() =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Revision}/{After.Namespace}/{After.Name}")));

    public static ContinueToken Parse(string text)
    {
        var bytes = new byte[text.Length];
        var parts = Convert.TryFromBase64String(text, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length).Split('/') : [];
        return parts is [var revision, var space, var name] && long.TryParse(revision, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new ContinueToken(number, new NamespacedName(space, name))
            : throw ApiError.BadRequest("invalid continue token: continue key is not valid");
    }
}
