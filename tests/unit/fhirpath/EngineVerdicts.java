import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.FileReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.elementmodel.Manager;
import org.hl7.fhir.r5.elementmodel.Manager.FhirFormat;
import org.hl7.fhir.r5.fhirpath.ExpressionNode;
import org.hl7.fhir.r5.fhirpath.FHIRPathEngine;
import org.hl7.fhir.utilities.npm.FilesystemPackageCacheManager;
import org.hl7.fhir.validation.ValidationEngine;

/**
 * What HL7's own FHIRPath engine says of each invariant on each element of each document.
 * EXPRESSIONS.json: [{"expression", "places"}], DOCUMENTS.jsonl: resources; one line of
 * {expression number: verdicts in document order} for each, T holds, F broken, E error.
 */
public class EngineVerdicts {
  private final FHIRPathEngine engine;
  private final List<ExpressionNode> trees = new ArrayList<>();
  private final Map<String, List<Integer>> byPlace = new HashMap<>();

  EngineVerdicts(FHIRPathEngine engine, JsonArray expressions) throws Exception {
    this.engine = engine;
    for (var each : expressions) {
      JsonObject one = each.getAsJsonObject();
      for (var place : one.getAsJsonArray("places"))
        byPlace.computeIfAbsent(place.getAsString(), key -> new ArrayList<>()).add(trees.size());
      trees.add(engine.parse(one.get("expression").getAsString()));
    }
  }

  private void visit(Element element, Element resource, Element root, Map<Integer, StringBuilder> out) {
    if (element != root && element.isResource()) {
      resource = element;
      if (!"CONTAINED".equals(String.valueOf(element.getSpecial()))) root = element;
    }
    String type = place(element);
    if (!element.isPrimitive() || element.primitiveValue() != null)
      for (int number : byPlace.getOrDefault(type, List.of()))
        out.computeIfAbsent(number, key -> new StringBuilder()).append(verdict(number, element, resource, root));
    if (element.hasChildren()) for (Element child : element.getChildren()) visit(child, resource, root, out);
  }

  private static String place(Element element) {
    String type = element.fhirType();
    if (element.getName().equals("id") || (element.getName().equals("url") && type.equals("uri")
        && element.getProperty().getDefinition().getPath().equals("Extension.url"))) return "System.String";
    if (!type.equals("BackboneElement") && !type.equals("Element")) return type;
    var definition = element.getProperty().getDefinition();
    String repeated = definition.getContentReference();
    return repeated == null ? definition.getPath() : repeated.substring(repeated.indexOf('#') + 1);
  }

  private char verdict(int number, Element element, Element resource, Element root) {
    try {
      return engine.evaluateToBoolean(null, resource, root, element, trees.get(number)) ? 'T' : 'F';
    } catch (Exception | StackOverflowError e) {
      return 'E';
    }
  }

  public static void main(String[] args) throws Exception {
    var packages = new FilesystemPackageCacheManager.Builder().withCacheFolder(args[0]).build();
    var validation = new ValidationEngine.ValidationEngineBuilder().withVersion("4.0.1").withNoTerminologyServer()
        .withCanRunWithoutTerminologyServer(true).fromSource("hl7.fhir.r4.core#4.0.1");
    validation.setPcm(packages);
    var engine = new FHIRPathEngine(validation.getContext());
    engine.setDoNotEnforceAsSingletonRule(true);
    var expressions = com.google.gson.JsonParser.parseReader(new FileReader(args[1])).getAsJsonArray();
    var verdicts = new EngineVerdicts(engine, expressions);
    try (var documents = new BufferedReader(new FileReader(args[2]))) {
      for (String line; (line = documents.readLine()) != null; ) {
        Element top = Manager.parseSingle(validation.getContext(), new ByteArrayInputStream(line.getBytes("UTF-8")), FhirFormat.JSON);
        Map<Integer, StringBuilder> out = new TreeMap<>();
        verdicts.visit(top, top, top, out);
        var answer = new JsonObject();
        out.forEach((number, text) -> answer.addProperty(number.toString(), text.toString()));
        System.out.println(answer);
      }
    }
  }
}
