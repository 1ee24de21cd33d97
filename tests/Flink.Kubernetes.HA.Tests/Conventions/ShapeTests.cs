using System.Reflection;
using System.Text.RegularExpressions;
using Flink.Kubernetes.HA.Diagnostics;

namespace Flink.Kubernetes.HA.Tests.Conventions;

public sealed partial class ShapeTests
{
    private const int LongestFile = 350;
    private const int LongestMedian = 70;

    private static readonly IReadOnlyList<SourceFile> Source = Repository.Files("src");

    private static readonly Dictionary<string, int> LogBlocks = new()
    {
        ["KubeClient"] = 1,
        ["Authentication"] = 1,
        ["Watching"] = 2,
        ["LeaderElection"] = 3,
        ["LeaderRetrieval"] = 4,
        ["HighAvailabilityServices"] = 5,
        ["Storage"] = 6,
        ["StateHandles"] = 6,
    };

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    [InlineData("samples")]
    public void No_file_is_longer_than_a_reader_s_patience(string folder) =>
        Judge.None(Repository.Files(folder).Where(file => file.Lines > LongestFile).Select(file => $"{file.Path}: {file.Lines} lines, at most {LongestFile}"));

    [Fact]
    public void Half_of_the_files_are_short()
    {
        var lengths = Source.Select(file => file.Lines).Order().ToList();

        Assert.InRange(lengths[lengths.Count / 2], 1, LongestMedian);
    }

    [Fact]
    public void A_file_has_one_public_type_and_its_name() =>
        Judge.None(Source.Where(file => file.PublicTypes.Any()).Where(file => file.PublicTypes.Distinct().Count() > 1 || Path.GetFileName(file.Path).Split('.')[0] != file.PublicTypes.First())
            .Select(file => $"{file.Path}: {string.Join(", ", file.PublicTypes)}"));

    [Theory]
    [MemberData(nameof(PublicApi.Packages), MemberType = typeof(PublicApi))]
    public void Public_classes_are_sealed_abstract_or_static(string package) =>
        Judge.None(Assembly.Load(package).GetExportedTypes().Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false }).Select(type => type.FullName));

    [Fact]
    public void Nothing_is_async_void() =>
        Judge.None(Source.Concat(Repository.Files("tests")).Where(file => AsyncVoid().IsMatch(file.Code)).Select(file => file.Path));

    [Theory]
    [MemberData(nameof(PublicApi.Packages), MemberType = typeof(PublicApi))]
    public void A_cancellation_token_comes_last_and_is_called_so(string package) =>
        Judge.None(Assembly.Load(package).GetTypes().Where(type => !IsGenerated(type)).SelectMany(Methods).Where(method => !HasTokenInPlace(method)).Select(method => $"{method.DeclaringType}.{method}"));

    [Fact]
    public void Log_messages_have_ids_of_their_own_in_the_block_of_their_folder()
    {
        var ids = typeof(Log).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(method => method.GetCustomAttribute<Microsoft.Extensions.Logging.LoggerMessageAttribute>()).OfType<Microsoft.Extensions.Logging.LoggerMessageAttribute>().Select(attribute => attribute.EventId).ToList();

        Assert.NotEmpty(ids);
        Judge.None(ids.GroupBy(id => id).Where(group => group.Count() > 1).Select(group => group.Key));
        Judge.None(from file in Source
                         where file.Path.Contains("/Diagnostics/Log.", StringComparison.Ordinal)
                         let part = Path.GetFileNameWithoutExtension(file.Path).Split('.').Last()
                         where part != "Log"
                         from Match match in LogId().Matches(file.Text)
                         let id = int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)
                         where !LogBlocks.TryGetValue(part, out var block) || id / 100 != block
                         select $"{file.Path}: {id}");
    }

    private static bool IsGenerated(Type type) =>
        type.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute)) || type.FullName!.Contains('<') || type.IsSubclassOf(typeof(Delegate));

    private static IEnumerable<MethodBase> Methods(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        return type.GetMethods(Declared).Cast<MethodBase>().Where(method => method is { IsPrivate: false } && !method.Name.Contains('<'));
    }

    private static bool HasTokenInPlace(MethodBase method)
    {
        // What the base class library names otherwise stays as it is there.
        if (method is MethodInfo { IsVirtual: true } overriding && overriding.GetBaseDefinition().DeclaringType!.Assembly != overriding.DeclaringType!.Assembly)
        {
            return true;
        }

        var tokens = method.GetParameters().Where(parameter => parameter.ParameterType == typeof(CancellationToken)).ToList();
        return tokens is [] || (tokens is [{ Name: "cancellationToken" } token] && token.Position == method.GetParameters().Length - 1);
    }

    [GeneratedRegex(@"\basync\s+void\b")]
    private static partial Regex AsyncVoid();

    [GeneratedRegex(@"LoggerMessage\((?:EventId\s*=\s*)?(\d+)")]
    private static partial Regex LogId();
}
